//! Draws an account: what is there before people change it.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::{Change, LINES, OPEN, OWNERS, Object, PHASES, Rules, STAGES, Texts, World};

mod people;
mod sales;

/// Few names, so that some are the same, on one side or on both.
const NAMES: [&str; 8] = [
    "Acme",
    "ACME ",
    "Bolt",
    "Café 🦊",
    "Straße",
    "STRASSE",
    "O'Brien",
    "null",
];

/// Addresses that users of Halo have; one contact each may have it, too, as HubSpot
/// gives an address to one contact only.
const ADDRESSES: usize = 8;

/// Properties that an interim edit touches: no match depends on them.
const VALUES: [(&str, &[&str]); 6] = [
    ("companies", &["phone", "city"]),
    ("contacts", &["phone", "jobtitle", "mobilephone"]),
    ("products", &["description", "price"]),
    ("deals", &["description", "amount"]),
    ("quotes", &["hs_comments", "order_reference"]),
    (LINES, &["description", "price", "quantity"]),
];

/// Draws a world.
pub struct Painter {
    rng: StdRng,
    /// By type: objects that can be changed.
    alive: BTreeMap<&'static str, Vec<usize>>,
    archived: Vec<Object>,
    /// By type.
    made: BTreeMap<&'static str, usize>,
    links: Vec<(Object, Object)>,
    /// Quotes that are there, with their lines.
    lines: Vec<(Object, Object)>,
    /// Addresses that a contact may still take.
    addresses: Vec<usize>,
    /// Stages that were removed.
    gone: Vec<usize>,
    customers: usize,
    /// Makes each value another one.
    count: u32,
}

impl Painter {
    pub fn new(rng: StdRng) -> Painter {
        Painter {
            rng,
            alive: BTreeMap::new(),
            archived: Vec::new(),
            made: BTreeMap::new(),
            links: Vec::new(),
            lines: Vec::new(),
            addresses: (0..ADDRESSES).collect(),
            gone: Vec::new(),
            customers: 0,
            count: 0,
        }
    }

    pub fn world(mut self) -> World {
        self.customers = self.rng.random_range(2..7);
        let customers: Vec<(String, bool)> = (0..self.customers)
            .map(|_| (self.name(), self.rng.random_bool(0.6)))
            .collect();
        let mut users = Vec::new();
        for (customer, (_, has_site)) in customers.iter().enumerate() {
            for _ in 0..self.rng.random_range(0..4) {
                if *has_site {
                    users.push((Some(customer), self.user()));
                }
            }
        }
        for _ in 0..self.rng.random_range(0..3) {
            users.push((None, self.user()));
        }
        let items = (0..self.rng.random_range(0..5))
            .map(|_| self.item())
            .collect();
        let mut world = World {
            customers,
            users,
            items,
            changes: Vec::new(),
            interim: Vec::new(),
            rules: Vec::new(),
        };
        for phase in 0..PHASES {
            let changes = if phase == 0 {
                self.first()
            } else {
                let many = self.rng.random_range(6..20);
                (0..many).flat_map(|_| self.change()).collect()
            };
            let rules = match world.rules.last() {
                Some(last) if self.rng.random_bool(0.6) => last.clone(),
                _ => Rules::of(&mut self.rng, self.customers),
            };
            world.interim.push(self.interim(phase, &changes, &rules));
            world.changes.push(changes);
            world.rules.push(rules);
        }
        world
    }

    fn first(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (entity, most) in [
            ("companies", 10),
            ("contacts", 16),
            ("products", 10),
            ("deals", 14),
            ("quotes", 10),
        ] {
            for _ in 0..self.rng.random_range(4..=most) {
                changes.extend(self.make(entity));
            }
        }
        changes
    }

    fn name(&mut self) -> String {
        let name = *NAMES.choose(&mut self.rng).unwrap();
        match self.rng.random_range(0..3) {
            0 => name.to_owned(),
            _ => format!("{name} {}", self.rng.random_range(0..9)),
        }
    }

    fn text(&mut self, what: &str) -> String {
        self.count += 1;
        match self.rng.random_range(0..10) {
            0 => String::new(),
            _ => format!("{what} {} ü", self.count),
        }
    }

    fn user(&mut self) -> Texts {
        let address = self.rng.random_range(0..ADDRESSES);
        let mut texts = vec![
            ("name", self.name()),
            ("emailaddress", format!("u{address}@example.com")),
        ];
        if self.rng.random_bool(0.4) {
            texts.push(("phonenumber", self.text("of Halo")));
        }
        texts
    }

    fn item(&mut self) -> Texts {
        let mut texts = vec![("name", self.name())];
        if self.rng.random_bool(0.5) {
            texts.push(("internalreference", self.sku()));
        }
        texts
    }

    fn sku(&mut self) -> String {
        format!("S-{}", self.rng.random_range(0..8))
    }

    fn value(&mut self, property: &str) -> String {
        self.count += 1;
        match property {
            "price" | "amount" | "quantity" => format!("{}.50", self.count),
            _ => self.text(property),
        }
    }

    /// A new object, with what belongs to it.
    fn make(&mut self, entity: &'static str) -> Vec<Change> {
        let mut texts = match entity {
            "companies" => self.company(),
            "contacts" => self.contact(),
            "products" => self.product(),
            "quotes" => self.quote(),
            LINES => self.line(),
            _ => self.deal(),
        };
        for property in values_of(entity) {
            if self.rng.random_bool(0.4) {
                texts.push((property, self.value(property)));
            }
        }
        texts.retain(|(_, value)| !value.is_empty());
        let own = self.counted(entity);
        let mut changes = vec![Change::Make(entity, texts)];
        let links: &[(&str, f64)] = match entity {
            "contacts" => &[("companies", 0.8), ("companies", 0.25)],
            "deals" => &[
                ("companies", 0.7),
                ("companies", 0.2),
                ("contacts", 0.6),
                ("contacts", 0.2),
            ],
            "quotes" => &[
                ("companies", 0.5),
                ("companies", 0.1),
                ("contacts", 0.5),
                ("deals", 0.6),
                ("deals", 0.1),
            ],
            _ => &[],
        };
        for (to, often) in links {
            if self.rng.random_bool(*often) {
                changes.extend(self.link(own, to));
            }
        }
        if entity == "quotes" {
            for _ in 0..self.rng.random_range(0..=4) {
                changes.extend(self.line_of(own));
            }
        }
        changes
    }

    fn counted(&mut self, entity: &'static str) -> Object {
        let made = self.made.entry(entity).or_default();
        let own = (entity, *made);
        *made += 1;
        self.alive.entry(entity).or_default().push(own.1);
        own
    }

    /// The newest object of a type.
    fn last(&self, entity: &'static str) -> Object {
        (entity, self.made[entity] - 1)
    }

    fn link(&mut self, from: Object, to: &'static str) -> Option<Change> {
        let to = self.some(to)?;
        self.links.push((from, to));
        let is_primary = to.0 == "companies" && self.rng.random_bool(0.7);
        Some(Change::Link(from, to, is_primary))
    }

    fn company(&mut self) -> Texts {
        let mut texts = vec![("name", self.name())];
        if self.rng.random_bool(0.6) {
            let stage = *["lead", "customer", "other"].choose(&mut self.rng).unwrap();
            texts.push(("lifecyclestage", stage.to_owned()));
        }
        texts
    }

    fn contact(&mut self) -> Texts {
        self.count += 1;
        let mut texts = Texts::new();
        if self.rng.random_bool(0.8) {
            let address = match self.addresses.pop() {
                Some(address) if self.rng.random_bool(0.5) => format!("U{address}@example.com"),
                _ => format!("c{}@example.com", self.count),
            };
            texts.push(("email", address));
        }
        if texts.is_empty() || self.rng.random_bool(0.7) {
            texts.push(("firstname", self.name()));
        }
        texts
    }

    fn product(&mut self) -> Texts {
        let mut texts = Texts::new();
        if self.rng.random_bool(0.9) {
            texts.push(("name", self.name()));
        }
        if self.rng.random_bool(0.5) {
            texts.push(("hs_sku", self.sku()));
        }
        texts
    }

    fn deal(&mut self) -> Texts {
        let mut texts = vec![("dealname", self.name())];
        texts.extend(self.stage(true));
        if self.rng.random_bool(0.5) {
            texts.push((
                "hubspot_owner_id",
                self.rng.random_range(0..OWNERS).to_string(),
            ));
        }
        for (property, choices) in [
            (
                "closedate",
                ["2026-10-01T01:30:00Z", "2026-03-29T12:00:00Z"],
            ),
            ("has_site_visit", ["true", "false"]),
            ("hs_priority", ["low", "high"]),
            ("deal_currency_code", ["EUR", "GBP"]),
        ] {
            if self.rng.random_bool(0.4) {
                let value = *choices.choose(&mut self.rng).unwrap();
                texts.push((property, value.to_owned()));
            }
        }
        texts
    }

    /// A stage, most often an open one for what is new.
    fn stage(&mut self, is_new: bool) -> Texts {
        let closed = if is_new { 0.2 } else { 0.5 };
        let choose = if self.rng.random_bool(closed) {
            OPEN..STAGES.len()
        } else {
            0..OPEN
        };
        let choose: Vec<usize> = choose.filter(|stage| !self.gone.contains(stage)).collect();
        let (pipeline, stage) = STAGES[*choose.choose(&mut self.rng).unwrap()];
        vec![
            ("pipeline", pipeline.to_owned()),
            ("dealstage", stage.to_owned()),
        ]
    }
}

/// The properties of a type that change without consequence.
fn values_of(entity: &str) -> &'static [&'static str] {
    let of = VALUES.iter().find(|(known, _)| *known == entity);
    of.map_or(&[], |(_, properties)| properties)
}
