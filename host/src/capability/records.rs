//! Halo's records, as far as the administrator granted their kinds. Every row is
//! checked against its kind before the store sees it; the store decides about
//! keys, revisions and effects.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Guest, convert, within_batch};
use crate::contract::halo::integration::records::{
    Candidate, FieldInfo, Host, KindInfo, Row, Stored, Written,
};
use crate::contract::halo::integration::types;
use crate::model::Failure;
use crate::schema::{self, KindDef};
use crate::store::StoreError;

type Answer<T> = wasmtime::Result<Result<T, types::Failure>>;

/// Goes on with the value, or answers the failure to the guest.
macro_rules! ask {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(failure) => return Ok(Err(Failure::into(failure))),
        }
    };
}

impl Guest {
    /// The kinds as they are now; read once per call.
    async fn schema(&mut self) -> wasmtime::Result<Arc<BTreeMap<String, KindDef>>> {
        if let Some(kinds) = &self.kinds {
            return Ok(kinds.clone());
        }
        let custom = self.store().custom_fields().await?;
        let kinds = Arc::new(schema::kinds(&custom));
        self.kinds = Some(kinds.clone());
        Ok(kinds)
    }

    fn granted(&self, kind: &str) -> Result<(), Failure> {
        if self.grants.kinds.contains(kind) {
            return Ok(());
        }
        Err(Failure::new(
            "denied",
            format!(
                "The connector {} may not use records of kind {kind:?}; add it to `kinds` in the configuration.",
                self.grants.connection
            ),
        )
        .with("what", kind))
    }
}

impl Host for Guest {
    async fn kinds(&mut self) -> Answer<Vec<KindInfo>> {
        let kinds = self.schema().await?;
        Ok(Ok(kinds
            .values()
            .filter(|kind| self.granted(&kind.name).is_ok())
            .map(convert::kind_out)
            .collect()))
    }

    async fn fields(&mut self, kind: String) -> Answer<Vec<FieldInfo>> {
        ask!(self.granted(&kind));
        let kinds = self.schema().await?;
        match kinds.get(&kind) {
            Some(kind) => Ok(Ok(kind.fields.values().map(convert::field_out).collect())),
            None => Ok(Err(Failure::new(
                "not-found",
                format!("Halo has no kind {kind:?}."),
            )
            .into())),
        }
    }

    async fn read(
        &mut self,
        kind: String,
        ids: Vec<u64>,
        fields: Vec<String>,
    ) -> Answer<Vec<Option<Stored>>> {
        ask!(self.granted(&kind));
        ask!(within_batch(ids.len()));
        let found = self.store().read(&self.scope, &kind, &ids).await;
        Ok(convert::store_answer(found)?.map(|found| out(found, &fields)))
    }

    async fn resolve(
        &mut self,
        kind: String,
        keys: Vec<String>,
        fields: Vec<String>,
    ) -> Answer<Vec<Option<Stored>>> {
        ask!(self.granted(&kind));
        ask!(within_batch(keys.len()));
        let found = self.store().resolve(&self.scope, &kind, &keys).await;
        Ok(convert::store_answer(found)?.map(|found| out(found, &fields)))
    }

    async fn find(
        &mut self,
        kind: String,
        field: String,
        values: Vec<String>,
        fields: Vec<String>,
    ) -> Answer<Vec<Candidate>> {
        ask!(self.granted(&kind));
        ask!(within_batch(values.len()));
        let found = self.store().find(&self.scope, &kind, &field, &values).await;
        Ok(convert::store_answer(found)?.map(|found| {
            found
                .into_iter()
                .map(|(asked, stored)| Candidate {
                    asked: u32::try_from(asked).unwrap_or(u32::MAX),
                    record: convert::stored_out(stored, &fields),
                })
                .collect()
        }))
    }

    async fn upsert(&mut self, rows: Vec<Row>) -> Answer<Vec<Result<Written, types::Failure>>> {
        ask!(self.may_write());
        ask!(within_batch(rows.len()));
        let kinds = self.schema().await?;
        let checked: Vec<Result<crate::model::Row, Failure>> = rows
            .into_iter()
            .map(|row| {
                self.granted(&row.kind)?;
                let mut row = convert::row_in(row)?;
                schema::check(&kinds, &mut row)?;
                Ok(row)
            })
            .collect();
        // Rows that were refused here leave no gap: the others go to the store in
        // their order, and the answers are put back into the guest's order.
        let good: Vec<crate::model::Row> = checked
            .iter()
            .filter_map(|row| row.as_ref().ok())
            .cloned()
            .collect();
        let allowance = self.watch.as_ref().map(|watch| watch.allowance());
        let answers = self
            .store()
            .upsert_within(&self.scope, &good, allowance, self.now())
            .await;
        if let (Err(StoreError::Braked(tally)), Some(watch)) = (&answers, &self.watch) {
            let failure = watch.refusal(tally);
            self.braked = Some(failure.clone());
            return Ok(Err(failure.into()));
        }
        let mut answers = match convert::store_answer(answers)? {
            Ok(answers) => answers.into_iter(),
            Err(failure) => return Ok(Err(failure)),
        };
        Ok(Ok(checked
            .into_iter()
            .map(|row| {
                let written = match row {
                    Err(failure) => Err(failure),
                    Ok(_) => answers.next().unwrap_or_else(|| {
                        Err(Failure::new("internal", "The store gave too few answers."))
                    }),
                };
                written
                    .map(convert::written_out)
                    .map_err(types::Failure::from)
            })
            .collect()))
    }
}

fn out(found: Vec<Option<crate::model::Stored>>, fields: &[String]) -> Vec<Option<Stored>> {
    found
        .into_iter()
        .map(|stored| stored.map(|stored| convert::stored_out(stored, fields)))
        .collect()
}
