//! Pipelines: what stages a deal goes through, and what each stage says of it.

use serde_json::{Value, json};

use super::account::Account;
use super::clock::iso;
use super::kinds::{DEALS, Kind, find};
use super::reply::{Reply, not_found};

/// How HubSpot stamps what was never changed.
const NEVER: &str = "1970-01-01T00:00:00Z";

/// HubSpot's default deal stages: id, label, probability.
const DEFAULT: &[(&str, &str, &str)] = &[
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
];

/// A second pipeline as an account adds it: HubSpot gives numeric ids.
const RENEWALS: &[(&str, &str, &str)] = &[
    ("168391251", "Renewal due", "0.5"),
    ("168391252", "Renewed", "1.0"),
    ("168391253", "Lapsed", "0.0"),
];

/// Stages and pipelines that are added while it runs are numbered from here.
const FIRST_ADDED: u64 = 168_391_300;

/// One stage of a pipeline.
#[derive(Debug, Clone)]
pub struct Stage {
    /// What `dealstage` holds.
    pub id: String,
    /// Label.
    pub label: String,
    /// From `0.0` to `1.0`, as text.
    pub probability: String,
    /// Whether a deal in it is closed, won or lost.
    pub closed: bool,
    /// Whether it was removed.
    pub archived: bool,
    order: i64,
    updated: String,
}

/// One pipeline.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// What `pipeline` holds.
    pub id: String,
    /// Label.
    pub label: String,
    /// Whether it was removed.
    pub archived: bool,
    /// Its stages, removed ones included.
    pub stages: Vec<Stage>,
    order: i64,
    updated: String,
}

/// What a control call changes of a pipeline or a stage; what is not given stays.
#[derive(Debug, Default, Clone)]
pub struct PipelineEdit {
    /// Which; none adds one.
    pub id: Option<String>,
    /// New label.
    pub label: Option<String>,
    /// New place.
    pub order: Option<i64>,
    /// Removes it, or brings it back.
    pub archived: Option<bool>,
    /// Of a stage: `0.0` to `1.0`.
    pub probability: Option<String>,
    /// Of a stage: whether its deals are closed.
    pub closed: Option<bool>,
}

impl Stage {
    fn json(&self) -> Value {
        json!({
            "label": self.label,
            "displayOrder": self.order,
            // Both values are text, also the boolean.
            "metadata": {"isClosed": self.closed.to_string(), "probability": self.probability},
            "id": self.id,
            "createdAt": NEVER,
            "updatedAt": self.updated,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            "archived": self.archived,
        })
    }

    fn apply(&mut self, now_ms: i64, edit: &PipelineEdit) -> Result<(), String> {
        if let Some(probability) = &edit.probability {
            let valid = |number: &f64| (0.0..=1.0).contains(number);
            if !probability
                .parse::<f64>()
                .is_ok_and(|number| valid(&number))
            {
                return Err(format!(
                    "\"{probability}\" is not a probability from 0.0 to 1.0."
                ));
            }
            self.probability.clone_from(probability);
        }
        self.closed = edit.closed.unwrap_or(self.closed);
        self.archived = edit.archived.unwrap_or(self.archived);
        self.order = edit.order.unwrap_or(self.order);
        if let Some(label) = &edit.label {
            self.label.clone_from(label);
        }
        self.updated = iso(now_ms);
        Ok(())
    }
}

impl Pipeline {
    fn standard(id: &str, label: &str, order: i64, stages: &[(&str, &str, &str)]) -> Self {
        let stages = stages
            .iter()
            .zip(0..)
            .map(|((id, label, probability), order)| Stage {
                id: (*id).to_owned(),
                label: (*label).to_owned(),
                probability: (*probability).to_owned(),
                closed: matches!(*probability, "1.0" | "0.0"),
                archived: false,
                order,
                updated: NEVER.to_owned(),
            })
            .collect();
        Self {
            id: id.to_owned(),
            label: label.to_owned(),
            archived: false,
            stages,
            order,
            updated: NEVER.to_owned(),
        }
    }

    /// The stages that were not removed, in their order.
    pub fn live(&self) -> Vec<&Stage> {
        let mut stages: Vec<&Stage> = self.stages.iter().filter(|s| !s.archived).collect();
        stages.sort_by_key(|stage| stage.order);
        stages
    }

    fn json(&self) -> Value {
        let stages: Vec<Value> = self.live().into_iter().map(Stage::json).collect();
        json!({
            "label": self.label,
            "displayOrder": self.order,
            "id": self.id,
            "stages": stages,
            "createdAt": NEVER,
            "updatedAt": self.updated,
            "archived": self.archived,
        })
    }
}

/// The pipelines that a type has in every account. Other types than deals are not
/// put through stages here.
pub fn standard(kind: &Kind) -> Vec<Pipeline> {
    if kind.type_id != "0-3" {
        return Vec::new();
    }
    vec![
        Pipeline::standard("default", "Sales Pipeline", 0, DEFAULT),
        Pipeline::standard("168391250", "Renewals", 1, RENEWALS),
    ]
}

impl Account {
    /// `GET /crm/pipelines/{version}/{type}`, `.../{id}`, `.../{id}/stages` and
    /// `.../{id}/stages/{stage}`.
    pub fn read_pipelines(&self, object_type: &str, path: &[String]) -> Reply {
        let mut all: Vec<&Pipeline> = find(object_type)
            .map(|kind| self.stores[kind].pipelines.as_slice())
            .unwrap_or_default()
            .iter()
            .filter(|pipeline| !pipeline.archived)
            .collect();
        all.sort_by_key(|pipeline| pipeline.order);
        let Some(id) = path.first() else {
            let rows: Vec<Value> = all.into_iter().map(Pipeline::json).collect();
            return Reply::ok(json!({ "results": rows }));
        };
        let Some(pipeline) = all.into_iter().find(|pipeline| pipeline.id == *id) else {
            return not_found();
        };
        match path.get(1..).unwrap_or_default() {
            [] => Reply::ok(pipeline.json()),
            [_] => {
                let rows: Vec<Value> = pipeline.live().into_iter().map(Stage::json).collect();
                Reply::ok(json!({ "results": rows }))
            }
            [_, stage, ..] => pipeline
                .live()
                .into_iter()
                .find(|known| known.id == *stage)
                .map_or_else(not_found, |stage| Reply::ok(stage.json())),
        }
    }

    fn next_pipeline_id(&self) -> String {
        let all = &self.stores[DEALS].pipelines;
        let made = all.len() + all.iter().map(|p| p.stages.len()).sum::<usize>();
        (FIRST_ADDED + made as u64).to_string()
    }

    /// Adds a deal pipeline, changes or removes one; answers its id. A new one has no
    /// stages yet.
    pub fn user_pipeline(&mut self, edit: &PipelineEdit) -> Result<String, String> {
        let now = iso(self.clock.now_ms());
        let next = self.next_pipeline_id();
        let all = &mut self.stores[DEALS].pipelines;
        let (id, order) = match &edit.id {
            Some(id) => (id.clone(), 0),
            None => {
                let label = edit
                    .label
                    .as_deref()
                    .ok_or("A new pipeline needs a label.")?;
                let order = i64::try_from(all.len()).unwrap_or_default();
                all.push(Pipeline::standard(&next, label, order, &[]));
                (next, order)
            }
        };
        let Some(pipeline) = all.iter_mut().find(|pipeline| pipeline.id == id) else {
            return Err(format!("There is no pipeline {id}."));
        };
        if let Some(label) = &edit.label {
            pipeline.label.clone_from(label);
        }
        pipeline.order = edit.order.unwrap_or(pipeline.order.max(order));
        pipeline.archived = edit.archived.unwrap_or(pipeline.archived);
        pipeline.updated = now;
        Ok(id)
    }

    /// Adds a stage to a deal pipeline, changes or removes one; answers its id. Deals
    /// in it follow what it says; deals in one that was removed keep its id.
    pub fn user_stage(&mut self, pipeline: &str, edit: &PipelineEdit) -> Result<String, String> {
        let now = self.clock.now_ms();
        let next = self.next_pipeline_id();
        let found = self.stores[DEALS]
            .pipelines
            .iter_mut()
            .find(|known| known.id == pipeline);
        let Some(found) = found else {
            return Err(format!("There is no pipeline {pipeline}."));
        };
        let id = match &edit.id {
            Some(id) => id.clone(),
            None => {
                let label = edit.label.as_deref().ok_or("A new stage needs a label.")?;
                let order = i64::try_from(found.stages.len()).unwrap_or_default();
                let mut made = Pipeline::standard("", "", 0, &[(&next, label, "0.5")]).stages;
                made.iter_mut().for_each(|stage| stage.order = order);
                found.stages.append(&mut made);
                next
            }
        };
        let Some(stage) = found.stages.iter_mut().find(|stage| stage.id == id) else {
            return Err(format!("There is no stage {id} in pipeline {pipeline}."));
        };
        stage.apply(now, edit)?;
        self.follow_stage(pipeline, &id);
        Ok(id)
    }
}
