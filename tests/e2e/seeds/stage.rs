//! A workshop in which a world is played.

use halo_tests::kit::Workshop;
use serde_json::{Value, json};

use super::FIELDS;
use super::world::{Change, Rules, Texts, World};
use crate::shop;

/// A workshop, and the ids of what a world counts.
pub struct Stage {
    pub shop: Workshop,
    pub companies: Vec<String>,
    customers: Vec<u64>,
}

/// Names and values as the kit takes them.
pub fn pairs(texts: &Texts) -> Vec<(&str, &str)> {
    texts
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

/// People of a random world change more than the brake lets through.
pub fn unbraked(shop: &Workshop) {
    let configuration = shop.folder().join("halo.toml");
    let text = std::fs::read_to_string(&configuration).unwrap();
    let unbraked = "brake = { share = 100 }\nsettings-file";
    let text = text.replacen("settings-file", unbraked, 1);
    std::fs::write(&configuration, text).unwrap();
}

impl Stage {
    /// Connected, with the account's properties, Halo's fields and its customers.
    pub async fn set(world: &World) -> Stage {
        let shop = shop::empty().await;
        for (name, value_type, field_type, options) in [
            ("t_number", "number", "number", &[][..]),
            ("t_flag", "bool", "booleancheckbox", &["True", "False"]),
            ("t_day", "date", "date", &[]),
            ("t_one", "enumeration", "select", &["North", "South"]),
            ("t_many", "enumeration", "checkbox", &["Red", "Blue"]),
        ] {
            let options: Vec<Value> = options
                .iter()
                .enumerate()
                .map(|(order, label)| {
                    json!({ "label": label, "value": label.to_lowercase(), "displayOrder": order, "hidden": false })
                })
                .collect();
            let definition = json!({
                "name": name, "label": name, "groupName": "companyinformation",
                "type": value_type, "fieldType": field_type, "options": options,
            });
            shop.sim.define_property("companies", &definition).unwrap();
        }
        let halo = shop.records().unwrap();
        for (name, type_name) in [
            ("CFCity", "text"),
            ("CFNumber", "decimal"),
            ("CFFlag", "checkbox"),
            ("CFDay", "date"),
        ] {
            halo.custom_field("customer", name, type_name)
                .await
                .unwrap();
        }
        for (name, type_name, choices) in [
            ("CFOne", "choice", [("1", "North"), ("2", "Süden")]),
            ("CFMany", "choices", [("7", "Red"), ("8", "Blue")]),
        ] {
            halo.choice_field("customer", name, type_name, &choices)
                .await
                .unwrap();
        }
        unbraked(&shop);
        // The host makes the first top level when it first opens a store.
        shop.halo(&["status"]).await.unwrap();
        let mut customers = Vec::new();
        for (texts, has_site) in &world.customers {
            let id = halo.add("customer", &pairs(texts)).await.unwrap();
            if *has_site {
                let customer = format!("customer:{id}");
                halo.add("site", &[("name", "Main"), ("client_id", &customer)])
                    .await
                    .unwrap();
            }
            customers.push(id);
        }
        Stage {
            shop,
            companies: Vec::new(),
            customers,
        }
    }

    /// People do this.
    pub async fn change(&mut self, change: &Change) {
        let sim = &self.shop.sim;
        match change {
            Change::Company(texts) => {
                let id = sim.create_company(pairs(texts)).unwrap();
                self.companies.push(id);
            }
            Change::Edit(company, texts) => {
                sim.edit("companies", &self.companies[*company], pairs(texts))
                    .unwrap();
            }
            Change::Archive(company) => {
                sim.archive("companies", &self.companies[*company]).unwrap();
            }
            Change::Restore(company) => {
                sim.restore("companies", &self.companies[*company]).unwrap();
            }
            Change::Merge(primary, other) => {
                let [primary, other] = [primary, other].map(|company| &self.companies[*company]);
                let id = sim.merge("companies", primary, other).unwrap();
                self.companies.push(id);
            }
            Change::Customer(customer, texts) => {
                let halo = self.shop.records().unwrap();
                let id = self.customers[*customer];
                halo.edit("customer", id, &pairs(texts)).await.unwrap();
            }
        }
    }

    /// What HubSpot holds for a company; empty for nothing.
    pub fn value(&self, company: usize, property: &str) -> String {
        let all = self.shop.sim.snapshot("companies").unwrap();
        let id = self.companies[company].as_str();
        let company = all.iter().find(|company| company["id"] == id).unwrap();
        let value = company["properties"][property].as_str();
        value.unwrap_or_default().to_owned()
    }

    /// The settings of a phase.
    pub fn apply(&self, rules: &Rules) {
        let table: Vec<Value> = rules
            .table
            .iter()
            .map(|(company, customer)| {
                let customer = customer.map_or(999_999, |customer| self.customers[customer]);
                json!({ "company": self.companies[*company], "customer": customer })
            })
            .collect();
        let fields: Vec<Value> = rules
            .fields
            .iter()
            .map(|row| serde_json::from_str(FIELDS[*row]).unwrap())
            .collect();
        let mut companies = json!({ "customers": table, "fields": fields });
        if let Some(stages) = &rules.stages {
            companies["all-lifecycle-stages"] = false.into();
            companies["lifecycle-stages"] = json!(stages);
        }
        self.shop.apply(companies).unwrap();
    }

    /// Imports until nothing is written any more: a row may have to wait for another
    /// one of the same import.
    pub async fn settle(&self) {
        const PASSES: usize = 5;
        let halo = self.shop.records().unwrap();
        for _ in 0..PASSES {
            let before = halo.journal_length().await.unwrap();
            shop::import(&self.shop).await;
            if halo.journal_length().await.unwrap() == before {
                return;
            }
        }
        panic!("it still writes after {PASSES} imports");
    }

    /// The state at the end: records with their links, and what a full import reports
    /// of each row.
    pub async fn end(&self) -> (String, Vec<Value>) {
        self.shop
            .result(&["import", "hubspot", "companies", "--full"])
            .await
            .unwrap();
        let report = self.shop.result(&["report", "hubspot"]).await.unwrap();
        let rows = report[0]["rows"].as_array().unwrap();
        let contents = self.shop.records().unwrap().contents().await.unwrap();
        (contents, rows.iter().map(told).collect())
    }
}

/// What is told of a row, without ids: which record is made first is a matter of
/// when an interrupted import went on.
pub fn told(row: &Value) -> Value {
    let mut row = row.clone();
    row["record"] = Value::Null;
    if let Some(message) = row["reason"]["message"].as_str() {
        row["reason"]["message"] = without_numbers(message).into();
    }
    // The names of attributes stay; their values are ids too.
    if let Some(attributes) = row["reason"]["attributes"].as_object_mut() {
        attributes
            .values_mut()
            .for_each(|value| *value = Value::Null);
    }
    row
}

/// A text without its numbers.
pub fn without_numbers(text: &str) -> String {
    text.split(|c: char| c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("#")
}
