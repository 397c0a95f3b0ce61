//! A workshop in which both sides are edited, and what is known of each record.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use halo_host::store::{JournalFilter, Store as _};
use halo_tests::hubspot_sim::{FaultKind, FaultRule};
use halo_tests::kit::{Halo, NAME, Records, Workshop};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::json;

use super::model::Field;
use crate::seeds::stage::unbraked;
use crate::shop;

/// Which way, as a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    Push,
    Import,
}

/// What goes wrong in an exchange, at its call of this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// The answer is lost.
    Lost(u64),
    /// The call is.
    Reset(u64),
    Unavailable(u64),
    Limited(u64),
    /// Nothing is answered until tomorrow.
    Daily(u64),
    /// The process dies when the work is done and before the answer is there.
    Killed(u64),
    /// The same at a call that makes or changes objects.
    KilledWriting(u64),
    /// It dies before it notes what was sent, or after.
    Unsettled(u64),
}

/// What is exchanged, and under which names.
struct Entity {
    kind: &'static str,
    objects: &'static str,
    /// What HubSpot calls its name.
    title: &'static str,
    /// Halo's fields and HubSpot's properties that go both ways.
    fields: [(&'static str, &'static str); 2],
}

const ENTITIES: [Entity; 4] = [
    Entity {
        kind: "customer",
        objects: "companies",
        title: "name",
        fields: [("CFSeats", "numberofemployees"), ("CFTown", "city")],
    },
    Entity {
        kind: "user",
        objects: "contacts",
        title: "firstname",
        fields: [("CFJob", "jobtitle"), ("CFTown", "city")],
    },
    Entity {
        kind: "item",
        objects: "products",
        title: "name",
        fields: [("baseprice", "price"), ("description", "description")],
    },
    Entity {
        kind: "ticket",
        objects: "deals",
        title: "dealname",
        fields: [("CFWhy", "description"), ("CFLost", "closed_lost_reason")],
    },
];
const CUSTOMER: usize = 0;
const USER: usize = 1;
const ITEM: usize = 2;
const TICKET: usize = 3;

/// A record and its object, as far as both are there.
struct Pair {
    entity: usize,
    halo: Option<u64>,
    hubspot: Option<String>,
    fields: Vec<Field>,
    /// Of a customer that was made in Halo.
    site: Option<u64>,
    /// It was made inactive.
    is_gone: bool,
}

impl Pair {
    fn is_whole(&self) -> bool {
        self.halo.is_some() && self.hubspot.is_some()
    }
}

pub struct Stage {
    shop: Workshop,
    halo: Halo,
    halo_wins: bool,
    pairs: Vec<Pair>,
    /// The one that was edited last.
    last: Option<usize>,
    /// Makes each value another one.
    count: u32,
    /// The last line of the journal when both sides rested.
    journal: u64,
}

impl Stage {
    /// Connected, with rows that go both ways.
    pub async fn set(halo_wins: bool) -> Stage {
        let shop = shop::unconnected(0).await;
        let halo = shop.records().unwrap();
        for (kind, name, type_name) in [
            ("customer", "CFSeats", "integer"),
            ("customer", "CFTown", "text"),
            ("user", "CFJob", "text"),
            ("user", "CFTown", "text"),
            ("ticket", "CFWhy", "memo"),
            ("ticket", "CFLost", "memo"),
        ] {
            halo.custom_field(kind, name, type_name).await.unwrap();
        }
        unbraked(&shop);
        let mut settings = shop.settings(json!({}));
        settings["contacts"]["without-email"] = json!(true);
        settings["products"]["item-group"] = json!(1);
        settings["deals"]["create"] = json!(true);
        settings["sync-back"] = json!({
            "companies": "both", "contacts": "both", "products": "both", "deals": "on-update",
            "archive-inactive": true, "conflicts": if halo_wins { "halo" } else { "hubspot" },
        });
        for (number, entity) in ENTITIES.iter().enumerate() {
            let row = |(field, property): (&str, &str)| match number {
                CUSTOMER | USER => {
                    json!({ "property": property, "field": field, "sync-back": true })
                }
                _ => json!({ "property": property, "field": field, "direction": "bidirectional" }),
            };
            settings[entity.objects]["fields"] = entity.fields.map(row).to_vec().into();
        }
        shop.write("settings.json", &settings.to_string()).unwrap();
        shop.connect().await.unwrap();
        shop.sim.reset_stats();
        println!("Halo wins: {halo_wins}");
        Stage {
            shop,
            halo,
            halo_wins,
            pairs: Vec::new(),
            last: None,
            count: 0,
            journal: 0,
        }
    }

    fn number(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    /// A value that no field had before, or none.
    fn value(&mut self, rng: &mut StdRng) -> String {
        match rng.random_ratio(1, 10) {
            true => String::new(),
            false => self.number().to_string(),
        }
    }

    /// One of the pairs that this holds for.
    fn choose(&self, rng: &mut StdRng, holds: impl Fn(&Pair) -> bool) -> Option<usize> {
        let all: Vec<usize> = (0..self.pairs.len())
            .filter(|index| holds(&self.pairs[*index]))
            .collect();
        // The same one again as often as not: what is done twice is where it goes wrong.
        match self.last.filter(|last| all.contains(last)) {
            Some(last) if rng.random_bool(0.5) => Some(last),
            _ => all.choose(rng).copied(),
        }
    }

    /// Somebody makes a record, or an object.
    pub async fn make(&mut self, rng: &mut StdRng, in_halo: bool) {
        let entity = rng.random_range(0..if in_halo { TICKET } else { TICKET + 1 });
        let number = self.number();
        let name = format!("{} {number}", ENTITIES[entity].kind);
        let values = [self.value(rng), self.value(rng)];
        // Without one, nothing says which contact is which user.
        let email = match rng.random_bool(0.5) {
            true => format!("{number}@example.com"),
            false => String::new(),
        };
        let mut pair = Pair {
            entity,
            halo: None,
            hubspot: None,
            fields: values
                .iter()
                .map(|value| Field::new(value, in_halo))
                .collect(),
            site: None,
            is_gone: false,
        };
        let names = ENTITIES[entity].fields;
        if in_halo {
            let mut fields = vec![("name", name.as_str())];
            fields.extend(
                names
                    .iter()
                    .zip(&values)
                    .map(|((field, _), value)| (*field, value.as_str())),
            );
            let at = match entity {
                CUSTOMER => "top-level:1".to_owned(),
                USER => {
                    let Some(site) = self.site(rng).await else {
                        return;
                    };
                    format!("site:{site}")
                }
                _ => "item-group:1".to_owned(),
            };
            let place = ["toplevel_id", "site_id", "assetgroup_id"][entity];
            fields.push((place, &at));
            let domain = format!("d{number}.example");
            match entity {
                CUSTOMER if rng.random_bool(0.5) => fields.push(("domain", &domain)),
                USER => fields.push(("emailaddress", &email)),
                _ => {}
            }
            let id = self.halo.add(ENTITIES[entity].kind, &fields).await.unwrap();
            if entity == CUSTOMER {
                let of = format!("customer:{id}");
                let fields = [("name", "Main"), ("client_id", of.as_str())];
                pair.site = Some(self.halo.add("site", &fields).await.unwrap());
            }
            pair.halo = Some(id);
        } else {
            let mut properties = vec![(ENTITIES[entity].title, name.as_str())];
            properties.extend(
                names
                    .iter()
                    .zip(&values)
                    .map(|((_, property), value)| (*property, value.as_str())),
            );
            properties.retain(|(_, value)| !value.is_empty());
            let mut company = None;
            match entity {
                USER => {
                    let is_company = |pair: &Pair| {
                        pair.entity == CUSTOMER && pair.hubspot.is_some() && !pair.is_gone
                    };
                    let Some(index) = self.choose(rng, is_company) else {
                        return;
                    };
                    company.clone_from(&self.pairs[index].hubspot);
                    if !email.is_empty() {
                        properties.push(("email", &email));
                    }
                }
                TICKET => properties.push(("dealstage", "qualifiedtobuy")),
                _ => {}
            }
            let sim = &self.shop.sim;
            let id = sim.create(ENTITIES[entity].objects, properties).unwrap();
            if let Some(company) = company {
                sim.link(("contacts", &id), ("companies", &company), true)
                    .unwrap();
            }
            pair.hubspot = Some(id);
        }
        println!("{name} is made, in Halo: {in_halo}, {values:?}");
        self.last = Some(self.pairs.len());
        self.pairs.push(pair);
    }

    /// The site of some customer.
    async fn site(&self, rng: &mut StdRng) -> Option<u64> {
        let is_customer =
            |pair: &Pair| pair.entity == CUSTOMER && pair.halo.is_some() && !pair.is_gone;
        let pair = &self.pairs[self.choose(rng, is_customer)?];
        match (pair.site, &pair.hubspot) {
            (Some(site), _) => Some(site),
            (None, Some(id)) => self.halo.linked("site", id).await.unwrap(),
            _ => None,
        }
    }

    pub async fn edit_hubspot(&mut self, rng: &mut StdRng) {
        let is_there = |pair: &Pair| pair.hubspot.is_some() && !pair.is_gone;
        let Some(index) = self.choose(rng, is_there) else {
            return;
        };
        self.last = Some(index);
        let (field, value) = (rng.random_range(0..2), self.value(rng));
        let pair = &mut self.pairs[index];
        let entity = &ENTITIES[pair.entity];
        let (property, id) = (entity.fields[field].1, pair.hubspot.as_deref().unwrap());
        let sim = &self.shop.sim;
        sim.edit(entity.objects, id, [(property, value.as_str())])
            .unwrap();
        pair.fields[field].edit_hubspot(&value);
        println!("{} {id} {property} = {value:?}", entity.objects);
    }

    pub async fn edit_halo(&mut self, rng: &mut StdRng) {
        let is_there = |pair: &Pair| pair.halo.is_some() && !pair.is_gone;
        let Some(index) = self.choose(rng, is_there) else {
            return;
        };
        self.last = Some(index);
        let (field, value) = (rng.random_range(0..2), self.value(rng));
        let pair = &mut self.pairs[index];
        let entity = &ENTITIES[pair.entity];
        let (name, id) = (entity.fields[field].0, pair.halo.unwrap());
        self.halo
            .edit(entity.kind, id, &[(name, &value)])
            .await
            .unwrap();
        pair.fields[field].edit_halo(&value);
        println!("{} {id} {name} = {value:?}", entity.kind);
    }

    /// A customer or item gets another name in Halo, by which nothing finds it any more.
    pub async fn rename(&mut self, rng: &mut StdRng) {
        let is_there = |pair: &Pair| {
            matches!(pair.entity, CUSTOMER | ITEM) && pair.halo.is_some() && !pair.is_gone
        };
        let Some(index) = self.choose(rng, is_there) else {
            return;
        };
        let name = format!("Renamed {}", self.number());
        let pair = &self.pairs[index];
        let (kind, id) = (ENTITIES[pair.entity].kind, pair.halo.unwrap());
        self.halo.edit(kind, id, &[("name", &name)]).await.unwrap();
        println!("{kind} {id} is {name}");
    }

    /// A customer or user goes out of use.
    pub async fn deactivate(&mut self, rng: &mut StdRng) {
        // A contact that is still to come would have no place to go.
        let is_awaited = self
            .pairs
            .iter()
            .any(|pair| pair.entity == USER && !pair.is_whole());
        let is_there = |pair: &Pair| {
            let is_one = pair.entity == USER || (pair.entity == CUSTOMER && !is_awaited);
            is_one && pair.is_whole() && !pair.is_gone
        };
        let Some(index) = self.choose(rng, is_there) else {
            return;
        };
        let pair = &mut self.pairs[index];
        pair.is_gone = true;
        let (kind, id) = (ENTITIES[pair.entity].kind, pair.halo.unwrap());
        self.halo
            .edit(kind, id, &[("inactive", "true")])
            .await
            .unwrap();
        println!("{kind} {id} is inactive");
    }

    /// Exchanges what there is, in one direction.
    pub async fn exchange(&mut self, which: Exchange, trouble: Trouble) {
        let pushed = which == Exchange::Push;
        let arguments: &[&str] = match which {
            Exchange::Push => &["push", NAME],
            Exchange::Import => &["import", NAME, "all"],
        };
        // Nobody waits for the pause after a failure.
        self.halo.store.outbox_retry(NAME, None).await.unwrap();
        let code = self.run(arguments, trouble).await;
        self.shop.sim.clear_faults();
        self.shop.work_over(Records::Whole);
        let left = self.halo.outbox().await.unwrap();
        let disturbed = code != Some(0) || (pushed && !left.is_empty());
        println!("{which:?} with {trouble:?} ended with {code:?}, disturbed: {disturbed}");
        assert!(
            trouble != Trouble::None || !disturbed,
            "{which:?}: {code:?}, {left:?}"
        );
        for field in self.pairs.iter_mut().flat_map(|pair| &mut pair.fields) {
            field.exchanged(pushed, self.halo_wins, disturbed);
        }
        self.look().await;
    }

    /// Runs a command with trouble; answers its exit code.
    async fn run(&mut self, arguments: &[&str], trouble: Trouble) -> Option<i32> {
        let limited = |policy: &str| FaultKind::RateLimited {
            policy: policy.to_owned(),
            retry_after: None,
        };
        let fault = match trouble {
            Trouble::None => None,
            Trouble::Lost(nth) => Some((FaultKind::ResetAfter, nth)),
            Trouble::Reset(nth) => Some((FaultKind::ResetBefore, nth)),
            Trouble::Unavailable(nth) => Some((FaultKind::HtmlError(503), nth)),
            Trouble::Limited(nth) => Some((limited("SECONDLY"), nth)),
            Trouble::Daily(nth) => Some((limited("DAILY"), nth)),
            Trouble::Killed(nth) | Trouble::KilledWriting(nth) => {
                Some((FaultKind::Latency(60_000), nth))
            }
            Trouble::Unsettled(nth) => {
                self.shop.work_over(Records::Dies {
                    settling: nth / 2 % 3 + 1,
                    settled: nth % 2 == 1,
                });
                None
            }
        };
        if let Some((kind, nth)) = fault {
            let rule = FaultRule::once(kind).nth(nth);
            self.shop.sim.fail(match trouble {
                // Updates and upserts.
                Trouble::KilledWriting(_) => rule.on_path("/batch/up"),
                _ => rule,
            });
        }
        let mut command = self.shop.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        if matches!(trouble, Trouble::Killed(_) | Trouble::KilledWriting(_)) {
            let faults = self.shop.sim.stats().faults;
            let begun = Instant::now();
            while self.shop.sim.stats().faults == faults && child.try_wait().unwrap().is_none() {
                assert!(begun.elapsed() < Duration::from_secs(60), "it hangs");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            child.start_kill().ok();
        }
        let ended = child.wait_with_output().await.unwrap();
        if trouble == Trouble::None && ended.status.code() != Some(0) {
            println!("{}", String::from_utf8_lossy(&ended.stderr));
        }
        ended.status.code()
    }

    /// Looks for the other side of what had only one.
    async fn look(&mut self) {
        for pair in self.pairs.iter_mut().filter(|pair| !pair.is_whole()) {
            let kind = ENTITIES[pair.entity].kind;
            match (pair.halo, &pair.hubspot) {
                (None, Some(id)) => pair.halo = self.halo.linked(kind, id).await.unwrap(),
                (Some(id), None) => pair.hubspot = self.halo.key(kind, id).await.unwrap(),
                _ => {}
            }
        }
    }

    /// All is exchanged undisturbed, and must be the same on both sides.
    pub async fn rest(&mut self) {
        for which in [Exchange::Import, Exchange::Push, Exchange::Import] {
            self.exchange(which, Trouble::None).await;
        }
        let mut wrong = self.doubled().await;
        wrong.extend(self.excess().await);
        for pair in &mut self.pairs {
            let entity = &ENTITIES[pair.entity];
            let (Some(id), Some(object)) = (pair.halo, &pair.hubspot) else {
                let (halo, hubspot) = (pair.halo, &pair.hubspot);
                wrong.push(format!("{} {halo:?} is {hubspot:?}", entity.kind));
                continue;
            };
            let all = self.shop.sim.snapshot(entity.objects).unwrap();
            let there = all.iter().find(|row| row["id"] == object.as_str()).unwrap();
            if (there["archived"] == true) != pair.is_gone {
                wrong.push(format!(
                    "{} {object}: {}",
                    entity.objects, there["archived"]
                ));
            }
            if pair.is_gone {
                continue;
            }
            for (field, (name, property)) in pair.fields.iter_mut().zip(entity.fields) {
                let halo = self.halo.field(entity.kind, id, name).await.unwrap();
                let hubspot = there["properties"][property].as_str().unwrap_or_default();
                if let Err(why) = field.settle(&halo, hubspot) {
                    wrong.push(format!("{} {id} ({object}) {name}: {why}", entity.kind));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        // And now nothing comes back.
        let before = self.halo.journal_length().await.unwrap();
        self.shop.sim.reset_stats();
        self.exchange(Exchange::Import, Trouble::None).await;
        self.exchange(Exchange::Push, Trouble::None).await;
        let after = self.halo.journal_length().await.unwrap();
        assert_eq!(after, before, "an import of nothing new writes");
        let stats = self.shop.sim.stats();
        assert_eq!(stats.writes, 0, "{stats:?}");
    }

    /// Records and objects that there are more or less of than people have made.
    async fn doubled(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (number, entity) in ENTITIES.iter().enumerate() {
            let pairs = || self.pairs.iter().filter(|pair| pair.entity == number);
            let left = pairs().filter(|pair| !pair.is_gone).count();
            let objects = self.shop.sim.stats().objects[entity.objects].active;
            if objects != left {
                wrong.push(format!("{objects} {} in place of {left}", entity.objects));
            }
            let (records, made) = (self.halo.all(entity.kind).await.unwrap(), pairs().count());
            if records.len() != made {
                let records = records.len();
                wrong.push(format!("{records} {}s in place of {made}", entity.kind));
            }
        }
        wrong
    }

    /// Values that were written more often on one side than edited on the other.
    async fn excess(&mut self) -> Vec<String> {
        let filter = JournalFilter {
            limit: u32::MAX,
            ..JournalFilter::default()
        };
        let mut last = self.journal;
        let mut written: BTreeMap<String, u64> = BTreeMap::new();
        for entry in self.halo.store.journal(&filter).await.unwrap() {
            last = last.max(entry.sequence);
            let is_new = entry.sequence > self.journal;
            if !is_new || entry.connection.is_empty() || entry.remote.is_some() {
                continue;
            }
            for change in entry.changes {
                let name = format!("{} {} {}", entry.kind, entry.record, change.field);
                *written.entry(name).or_default() += 1;
            }
        }
        self.journal = last;
        let sent = self.shop.sim.stats().changes;
        let mut wrong = Vec::new();
        for pair in self.pairs.iter().filter(|pair| pair.is_whole()) {
            let entity = &ENTITIES[pair.entity];
            let (id, object) = (pair.halo.unwrap(), pair.hubspot.as_deref().unwrap());
            for (field, (name, property)) in pair.fields.iter().zip(entity.fields) {
                for (name, times, edits) in [
                    (
                        format!("{} {id} {name}", entity.kind),
                        &written,
                        field.edits.1,
                    ),
                    (
                        format!("{} {object} {property}", entity.objects),
                        &sent,
                        field.edits.0,
                    ),
                ] {
                    let times = times.get(&name).copied().unwrap_or_default();
                    if times > edits {
                        wrong.push(format!("{name}: written {times} times for {edits} edits"));
                    }
                }
            }
        }
        wrong
    }
}
