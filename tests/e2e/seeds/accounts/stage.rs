//! A workshop in which an account is played.

use std::collections::BTreeMap;

use halo_host::store::Store as _;
use halo_tests::hubspot_sim::PipelineEdit;
use halo_tests::kit::{NAME, Workshop};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use serde_json::{Value, json};

use super::contents::contents;
use super::world::{AGENTS, Change, ENTITIES, LINES, OWNERS, Object, STAGES, STATUSES, World};
use crate::seeds::stage::{pairs, told, unbraked};
use crate::shop;

mod settings;

/// Rounds after which nothing may be written any more: a row may wait for another one,
/// and that one for a third.
const ROUNDS: usize = 6;

/// Among so many runs is the last one of each entity, after an import of all.
const LAST_RUNS: u32 = 10;

/// A workshop, and the ids of what a world counts.
pub struct Stage {
    pub shop: Workshop,
    objects: BTreeMap<&'static str, Vec<String>>,
    customers: Vec<u64>,
    default_site: u64,
    item_group: u64,
    ticket_type: u64,
    owners: Vec<String>,
    agents: Vec<u64>,
    statuses: Vec<u64>,
    /// Whether new deals go in unasked.
    create: bool,
}

impl Stage {
    /// Connected, with all that Halo has before the first import.
    pub async fn set(world: &World) -> Stage {
        let shop = shop::empty().await;
        let halo = shop.records().unwrap();
        for (kind, name, type_name) in [
            ("user", "CFJob", "text"),
            ("ticket", "CFVisited", "checkbox"),
        ] {
            halo.custom_field(kind, name, type_name).await.unwrap();
        }
        let choices = [("1", "Low"), ("2", "High")];
        halo.choice_field("ticket", "CFPriority", "choice", &choices)
            .await
            .unwrap();
        unbraked(&shop);
        // The host makes what a new store has when it first opens one.
        shop.halo(&["status"]).await.unwrap();
        let add = async |kind: &str, texts: &[(&str, &str)]| halo.add(kind, texts).await.unwrap();
        let named = async |kind: &str, many: usize| {
            let mut ids = Vec::new();
            for number in 0..many {
                ids.push(add(kind, &[("name", &format!("{kind} {number}"))]).await);
            }
            ids
        };
        let site = async |customer: u64| {
            let of = format!("customer:{customer}");
            add("site", &[("name", "Main"), ("client_id", &of)]).await
        };
        let others = add("customer", &[("name", "All others")]).await;
        let default_site = site(others).await;
        let mut customers = Vec::new();
        let mut sites = Vec::new();
        for (name, has_site) in &world.customers {
            let customer = add("customer", &[("name", name)]).await;
            customers.push(customer);
            sites.push(match has_site {
                true => Some(site(customer).await),
                false => None,
            });
        }
        for (customer, texts) in &world.users {
            let at = customer.map_or(default_site, |customer| sites[customer].unwrap());
            let at = format!("site:{at}");
            let mut texts = pairs(texts);
            texts.push(("site_id", &at));
            add("user", &texts).await;
        }
        let item_group = named("item-group", 1).await[0];
        let of = format!("item-group:{item_group}");
        for texts in &world.items {
            let mut texts = pairs(texts);
            texts.push(("assetgroup_id", &of));
            add("item", &texts).await;
        }
        let owner = |number: usize| {
            let email = format!("owner{number}@example.com");
            shop.sim.add_owner("Owner", &number.to_string(), &email)
        };
        let owners = (0..OWNERS).map(|number| owner(number).unwrap()).collect();
        Stage {
            objects: { ENTITIES.into_iter().chain([LINES]) }
                .map(|kind| (kind, Vec::new()))
                .collect(),
            customers,
            default_site,
            item_group,
            ticket_type: named("ticket-type", 1).await[0],
            owners,
            agents: named("agent", AGENTS).await,
            statuses: named("status", STATUSES).await,
            create: false,
            shop,
        }
    }

    fn id(&self, (entity, number): Object) -> &str {
        &self.objects[entity][number]
    }

    /// Names and values, with owners and products by their ids.
    fn texts<'a>(&'a self, texts: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
        let value = |name: &str, value: &'a str| match name {
            "hubspot_owner_id" => self.owners[value.parse::<usize>().unwrap()].as_str(),
            "hs_product_id" if !value.is_empty() => self.id(("products", value.parse().unwrap())),
            _ => value,
        };
        let texts = texts.iter();
        texts
            .map(|(name, text)| (*name, value(name, text)))
            .collect()
    }

    /// People do this.
    pub async fn change(&mut self, change: &Change) {
        let sim = &self.shop.sim;
        let made = match change {
            Change::Make(entity, texts) => {
                Some((*entity, sim.create(entity, self.texts(texts)).unwrap()))
            }
            Change::Merge(primary, other) => {
                let entity = primary.0;
                let merged = sim.merge(entity, self.id(*primary), self.id(*other));
                Some((entity, merged.unwrap()))
            }
            Change::Edit(own, texts) => {
                sim.edit(own.0, self.id(*own), self.texts(texts)).unwrap();
                None
            }
            Change::Link(from, to, is_primary) => {
                let (from, to) = ((from.0, self.id(*from)), (to.0, self.id(*to)));
                sim.link(from, to, *is_primary).unwrap();
                None
            }
            Change::Unlink(from, to) => {
                let (from, to) = ((from.0, self.id(*from)), (to.0, self.id(*to)));
                sim.unlink(from, to).unwrap();
                None
            }
            Change::Archive(own) => {
                sim.archive(own.0, self.id(*own)).unwrap();
                None
            }
            Change::Restore(own) => {
                sim.restore(own.0, self.id(*own)).unwrap();
                None
            }
            Change::Stage(number) => {
                let (pipeline, stage) = STAGES[*number];
                let gone = PipelineEdit {
                    id: Some(stage.to_owned()),
                    archived: Some(true),
                    ..PipelineEdit::default()
                };
                sim.edit_stage(pipeline, &gone).unwrap();
                None
            }
            Change::Owner(number) => {
                sim.set_owner_archived(&self.owners[*number], true).unwrap();
                None
            }
            Change::Halo(kind, own, texts) => {
                let halo = self.shop.records().unwrap();
                if let Some(record) = halo.linked(kind, self.id(*own)).await.unwrap() {
                    halo.edit(kind, record, &pairs(texts)).await.unwrap();
                }
                None
            }
            Change::Removed(kind, own) => {
                let halo = self.shop.records().unwrap();
                if let Some(record) = halo.linked(kind, self.id(*own)).await.unwrap() {
                    halo.remove(kind, record).await.unwrap();
                }
                None
            }
        };
        if let Some((entity, id)) = made {
            self.objects.get_mut(entity).unwrap().push(id);
        }
    }

    /// What HubSpot holds for an object; empty for nothing.
    pub fn value(&self, own: Object, property: &str) -> String {
        let all = self.shop.sim.snapshot(own.0).unwrap();
        let id = self.id(own);
        let object = all.iter().find(|object| object["id"] == id).unwrap();
        let value = object["properties"][property].as_str();
        value.unwrap_or_default().to_owned()
    }

    async fn one(&self, arguments: &[&str]) -> Value {
        self.shop.result(arguments).await.unwrap().remove(0)
    }

    /// A preview, and the import that confirms it: both documents.
    pub async fn confirmed(&self, entity: &str) -> (Value, Value) {
        let shown = self.one(&["preview", NAME, entity]).await;
        let run = shown["summary"]["run"].to_string();
        let import = ["import", NAME, entity, "--preview", &run];
        let done = self.one(&import).await;
        (shown, done)
    }

    /// A preview, and the import that confirms it does just that.
    pub async fn previewed(&self, entity: &str) {
        let (shown, done) = self.confirmed(entity).await;
        assert_eq!(done["deviations"], json!([]), "{entity}");
        assert_eq!(
            done["summary"]["counts"], shown["summary"]["counts"],
            "{entity}"
        );
        let run = done["summary"]["run"].to_string();
        let report = self.one(&["report", NAME, &run]).await;
        let rows = |document: &Value| rows(document).iter().map(any_record).collect::<Vec<_>>();
        assert_eq!(differences(&rows(&report), &rows(&shown)), "", "{entity}");
    }

    /// Imports all in the order of S7, until nothing is written any more.
    pub async fn settle(&self) {
        self.rounds(None).await;
    }

    /// The same in any order, at first.
    pub async fn settle_in_any_order(&self, rng: &mut StdRng) {
        self.rounds(Some(rng)).await;
    }

    async fn rounds(&self, mut rng: Option<&mut StdRng>) {
        let halo = self.shop.records().unwrap();
        for round in 0..ROUNDS {
            let before = halo.journal_length().await.unwrap();
            match &mut rng {
                Some(rng) if round < 2 => {
                    let mut order = ENTITIES;
                    order.shuffle(rng);
                    for entity in order {
                        if entity == "deals" && !self.create {
                            self.confirmed(entity).await;
                        } else {
                            self.one(&["import", NAME, entity]).await;
                        }
                    }
                }
                _ => {
                    self.shop.result(&["import", NAME, "all"]).await.unwrap();
                    if halo.journal_length().await.unwrap() == before {
                        return;
                    }
                }
            }
        }
        panic!("it still writes after {ROUNDS} rounds");
    }

    /// The state at the end: records with their links, and what a full import reports
    /// of each row. HubSpot does not date a change of what belongs together, so this is
    /// what finds the last of it.
    pub async fn end(&self) -> (Vec<String>, BTreeMap<&'static str, Vec<Value>>) {
        let halo = self.shop.records().unwrap();
        for round in 0..ROUNDS {
            let before = halo.journal_length().await.unwrap();
            let full = ["import", NAME, "all", "--full"];
            self.shop.result(&full).await.unwrap();
            // What is gone is said once, by the first list of everything.
            if round == 0 || halo.journal_length().await.unwrap() > before {
                continue;
            }
            let runs = halo.store.runs(NAME, LAST_RUNS).await.unwrap();
            let mut reports = BTreeMap::new();
            for entity in ENTITIES {
                let run = runs.iter().find(|run| run.entity == entity).unwrap();
                let report = self.one(&["report", NAME, &run.id.to_string()]).await;
                reports.insert(entity, rows(&report));
            }
            return (contents(&halo).await.unwrap(), reports);
        }
        panic!("it still writes after {ROUNDS} full imports");
    }
}

/// What is on one side only, a line each; nothing where both are the same.
pub fn differences<T: PartialEq + std::fmt::Display>(these: &[T], those: &[T]) -> String {
    let only = |these: &[T], those: &[T]| -> String {
        let these = these.iter().filter(|line| !those.contains(line));
        these.map(|line| format!("{line}\n")).collect()
    };
    let (more, fewer) = (only(these, those), only(those, these));
    if more.is_empty() && fewer.is_empty() && these.len() == those.len() {
        return String::new();
    }
    format!(
        "{} lines for {}:\n{more}in place of\n{fewer}",
        these.len(),
        those.len()
    )
}

/// A row without the records that its changes refer to: what a preview makes has no id
/// yet, and whether it is the same its deviations tell.
fn any_record(row: &Value) -> Value {
    let mut row = row.clone();
    for change in row["changes"].as_array_mut().into_iter().flatten() {
        for side in ["from", "to"] {
            if change[side]["reference"].is_object() {
                change[side]["reference"]["to"] = Value::Null;
            }
        }
    }
    row
}

fn rows(document: &Value) -> Vec<Value> {
    let rows = document["rows"].as_array().unwrap();
    rows.iter().map(told).collect()
}
