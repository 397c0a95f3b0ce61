//! Batches that make and remove links.
//!
//! Up to 2,000 pairs in one call, where other batches take 100. One bad pair does
//! not stop the others: it is a row of `errors` in a 207.

use serde_json::{Value, json};

use super::account::Account;
use super::associations::no_pair;
use super::batch::batch_body;
use super::kinds::KINDS;
use super::link_types::PLAIN;
use super::links::Key;
use super::objects::id_text;
use super::reply::{Reply, invalid};
use super::request::Request;

/// At most so many pairs per batch.
const MAX_PAIRS: usize = 2000;

fn inputs(request: &Request) -> Result<Vec<Value>, Reply> {
    let mut body = request.json()?;
    let Some(Value::Array(inputs)) = body.get_mut("inputs").map(Value::take) else {
        return Err(invalid("Some required fields were not set: [inputs]"));
    };
    if inputs.len() > MAX_PAIRS {
        return Err(invalid(format!(
            "The maximum number of inputs supported is {MAX_PAIRS}, received {}",
            inputs.len()
        )));
    }
    Ok(inputs)
}

fn end<'a>(input: &'a Value, side: &str) -> Option<&'a Value> {
    input.get(side).and_then(|end| end.get("id"))
}

fn problem(message: String) -> Value {
    json!({"status": "error", "category": "VALIDATION_ERROR", "message": message})
}

impl Account {
    /// One end of a pair: a number, and a record that is not archived.
    fn end(&self, kind: usize, id: Option<&Value>) -> Result<Key, Value> {
        let id = id_text(id);
        if id.parse::<u64>().is_err() {
            return Err(json!({
                "status": "error",
                "category": "VALIDATION_ERROR",
                "subCategory": "crm.associations.INVALID_IDENTIFIER",
                "message": format!("{id} is not a valid ID"),
                "context": {"id": [id]},
            }));
        }
        let found = self.lookup(kind, &id, None);
        // What HubSpot says of an id that is a number but no record is not recorded;
        // this is the text of the other batches.
        found.map(|id| (kind, id)).ok_or_else(|| {
            let name = KINDS[kind].singular.to_uppercase();
            json!({
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": format!("Could not get some {name} objects, they may be deleted or not exist. Check that ids are valid."),
                "context": {"ids": [id]},
            })
        })
    }

    fn pair(&self, from: usize, to: usize, input: &Value) -> Result<(Key, Key), Value> {
        let a = self.end(from, end(input, "from"))?;
        let b = self.end(to, end(input, "to"))?;
        match self.refuses_link(a, b) {
            Some(why) => Err(problem(why)),
            None => Ok((a, b)),
        }
    }

    /// `POST /crm/associations/{version}/{from}/{to}/batch/create`. The labels of a
    /// pair are replaced: who wants to add one sends the old ones too.
    pub fn associations_create(
        &mut self,
        from: usize,
        to: usize,
        request: &Request,
    ) -> Result<Reply, Reply> {
        let mut results = Vec::new();
        let mut errors = Vec::new();
        for input in inputs(request)? {
            let types = self
                .types_of(from, to, input.get("types"))
                .map_err(problem)
                .and_then(|types| Ok((types, self.pair(from, to, &input)?)));
            match types {
                Ok((types, (a, b))) => {
                    self.links.replace(a, b, types);
                    self.recount_pair(a, b);
                    results.push(json!({
                        "fromObjectTypeId": KINDS[from].type_id,
                        "fromObjectId": a.1,
                        "toObjectTypeId": KINDS[to].type_id,
                        "toObjectId": b.1,
                        "labels": self.label_names(from, to, types),
                    }));
                }
                Err(row) => errors.push(row),
            }
        }
        Ok(batch_body(self.clock.now_ms(), 201, results, errors))
    }

    /// `POST /crm/associations/{version}/{from}/{to}/batch/associate/default`.
    pub fn associations_default(
        &mut self,
        from: usize,
        to: usize,
        request: &Request,
    ) -> Result<Reply, Reply> {
        if self.links.types.of(from, to).is_empty() {
            return Err(invalid(no_pair(from, to)));
        }
        let mut results = Vec::new();
        let mut errors = Vec::new();
        for input in inputs(request)? {
            match self.pair(from, to, &input) {
                Ok((a, b)) => {
                    self.link(a, b, PLAIN);
                    results.extend(self.default_rows(a, b));
                }
                Err(row) => errors.push(row),
            }
        }
        Ok(batch_body(self.clock.now_ms(), 200, results, errors))
    }

    /// `POST /crm/associations/{version}/{from}/{to}/batch/archive`: every label of each
    /// pair goes; pairs that are not linked are ignored.
    pub fn associations_archive(
        &mut self,
        from: usize,
        to: usize,
        request: &Request,
    ) -> Result<Reply, Reply> {
        for input in inputs(request)? {
            let others = match input.get("to") {
                Some(Value::Array(many)) => many.clone(),
                Some(one) => vec![one.clone()],
                None => Vec::new(),
            };
            let Ok(a) = self.end(from, end(&input, "from")) else {
                continue;
            };
            for other in others {
                if let Ok(b) = self.end(to, other.get("id")) {
                    self.unlink(a, b);
                }
            }
        }
        Ok(Reply::empty())
    }

    /// `POST /crm/associations/{version}/{from}/{to}/batch/labels/archive`: the named
    /// labels go and the link stays, unless the plain type is among them.
    pub fn association_labels_archive(
        &mut self,
        from: usize,
        to: usize,
        request: &Request,
    ) -> Result<Reply, Reply> {
        let inputs = inputs(request)?;
        let mut work = Vec::new();
        for input in &inputs {
            let types = self
                .types_of(from, to, input.get("types"))
                .map_err(invalid)?;
            let a = self.end(from, end(input, "from"));
            let b = self.end(to, end(input, "to"));
            if let (Ok(a), Ok(b)) = (a, b) {
                work.push((a, b, types));
            }
        }
        for (a, b, types) in work {
            self.links.take_off(a, b, types);
            self.recount_pair(a, b);
        }
        Ok(Reply::empty())
    }
}
