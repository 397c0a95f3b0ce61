//! The settings of a phase, as an administrator would write them.

use serde_json::{Value, json};

use super::super::world::{FIELDS, Rules, STAGES};
use super::Stage;

impl Stage {
    /// The settings of a phase.
    pub fn apply(&mut self, rules: &Rules) {
        self.create = rules.create;
        let fields = |entity: &str| -> Vec<Value> {
            let rows = rules.fields.iter().map(|row| FIELDS[*row]);
            rows.filter(|(of, _)| *of == entity)
                .map(|(_, row)| serde_json::from_str(row).unwrap())
                .collect()
        };
        let table: Vec<Value> = rules
            .table
            .iter()
            .map(|(company, customer)| {
                json!({
                    "company": self.id(("companies", *company)),
                    "customer": self.customers[*customer],
                })
            })
            .collect();
        let stages: Vec<Value> = rules
            .statuses
            .iter()
            .map(|(stage, status)| {
                let (pipeline, stage) = STAGES[*stage];
                json!({ "pipeline": pipeline, "stage": stage, "status": self.statuses[*status] })
            })
            .collect();
        let owners: Vec<Value> = rules
            .agents
            .iter()
            .map(|(owner, agent)| {
                json!({ "owner": self.owners[*owner], "agent": self.agents[*agent] })
            })
            .collect();
        let mut companies = json!({ "customers": table, "address": rules.address });
        if let Some(stages) = &rules.stages {
            companies["all-lifecycle-stages"] = false.into();
            companies["lifecycle-stages"] = json!(stages);
        }
        let mut settings = self.shop.settings(companies);
        settings["contacts"] = json!({
            "without-email": rules.without_email,
            "fields": fields("contacts"),
        });
        if rules.default_site {
            settings["contacts"]["default-site"] = self.default_site.into();
        }
        settings["products"] = json!({
            "item-group": self.item_group,
            "fields": fields("products"),
        });
        let unmapped = rules.keep.map(|keep| if keep { "keep" } else { "refuse" });
        settings["deals"] = json!({
            "ticket-type": self.ticket_type,
            "create": rules.create,
            "stages": stages,
            "owners": owners,
            "unmapped-stages": unmapped[0],
            "unmapped-owners": unmapped[1],
            "fields": fields("deals"),
        });
        settings["quotes"] = json!({ "fields": fields("quotes") });
        if let Some(agent) = rules.default_agent {
            settings["deals"]["default-agent"] = self.agents[agent].into();
        }
        let text = settings.to_string();
        self.shop.write("settings.json", &text).unwrap();
    }
}
