//! Control calls for what an administrator sets up: owners, pipelines, stages, labels.

use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Account;
use super::control::{kind_of, read};
use super::objects::id_text;
use super::owners::OwnerEdit;
use super::pipelines::PipelineEdit;
use super::request::Request;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Owner {
    /// None adds an owner.
    id: Option<Value>,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    archived: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pipeline {
    /// None adds a pipeline.
    id: Option<String>,
    label: Option<String>,
    display_order: Option<i64>,
    archived: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stage {
    pipeline: String,
    /// None adds a stage.
    id: Option<String>,
    label: Option<String>,
    display_order: Option<i64>,
    archived: Option<bool>,
    probability: Option<String>,
    is_closed: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    object_type: String,
    to_type: String,
    label: String,
    /// The same as the label unless given.
    inverse_label: Option<String>,
}

/// Answers one of these calls.
pub fn set_up(account: &mut Account, verb: &str, request: &Request) -> Result<Value, String> {
    let id = match verb {
        "owner" => {
            let body: Owner = read(request)?;
            let id = match body.id.as_ref().map(|id| id_text(Some(id))) {
                Some(id) => Some(id.parse().map_err(|_| format!("There is no owner {id}."))?),
                None => None,
            };
            let edit = OwnerEdit {
                id,
                first: body.first_name,
                last: body.last_name,
                email: body.email,
                archived: body.archived,
            };
            account.user_owner(&edit)?.to_string()
        }
        "pipeline" => {
            let body: Pipeline = read(request)?;
            account.user_pipeline(&PipelineEdit {
                id: body.id,
                label: body.label,
                order: body.display_order,
                archived: body.archived,
                ..PipelineEdit::default()
            })?
        }
        "stage" => {
            let body: Stage = read(request)?;
            let edit = PipelineEdit {
                id: body.id,
                label: body.label,
                order: body.display_order,
                archived: body.archived,
                probability: body.probability,
                closed: body.is_closed,
            };
            account.user_stage(&body.pipeline, &edit)?
        }
        _ => {
            let body: Label = read(request)?;
            let pair = (kind_of(&body.object_type)?, kind_of(&body.to_type)?);
            let inverse = body.inverse_label.as_deref();
            let (id, inverse) = account.user_label(pair, &body.label, inverse)?;
            return Ok(json!({"type_id": id, "inverse_type_id": inverse}));
        }
    };
    Ok(json!({ "id": id }))
}
