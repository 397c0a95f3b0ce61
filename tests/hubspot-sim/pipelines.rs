//! Pipelines: the deal pipelines of the account.

use serde_json::{Value, json};

use super::reply::{Reply, not_found};

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

fn pipeline(id: &str, label: &str, order: usize, stages: &[(&str, &str, &str)]) -> Value {
    let stages: Vec<Value> = stages
        .iter()
        .enumerate()
        .map(|(order, (id, label, probability))| {
            let closed = matches!(*probability, "1.0" | "0.0");
            json!({
                "label": label,
                "displayOrder": order,
                // Both values are text, also the boolean.
                "metadata": {"isClosed": closed.to_string(), "probability": probability},
                "id": id,
                "createdAt": "1970-01-01T00:00:00Z",
                "updatedAt": "1970-01-01T00:00:00Z",
                "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                "archived": false,
            })
        })
        .collect();
    json!({
        "label": label,
        "displayOrder": order,
        "id": id,
        "stages": stages,
        "createdAt": "1970-01-01T00:00:00Z",
        "updatedAt": "1970-01-01T00:00:00Z",
        "archived": false,
    })
}

/// `GET /crm/pipelines/{version}/{type}` and `.../{id}`.
pub fn read(object_type: &str, id: Option<&str>) -> Reply {
    let all = match object_type {
        "deals" | "deal" | "0-3" => {
            vec![
                pipeline("default", "Sales Pipeline", 0, DEFAULT),
                pipeline("168391250", "Renewals", 1, RENEWALS),
            ]
        }
        _ => Vec::new(),
    };
    match id {
        None => Reply::ok(json!({ "results": all })),
        Some(id) => all
            .into_iter()
            .find(|p| p["id"] == id)
            .map_or_else(not_found, Reply::ok),
    }
}
