//! Draws an account.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::{Change, ENTITIES, OPEN, OWNERS, Object, PHASES, Rules, STAGES, Texts, World};

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
const VALUES: [(&str, &[&str]); 4] = [
    ("companies", &["phone", "city"]),
    ("contacts", &["phone", "jobtitle", "mobilephone"]),
    ("products", &["description", "price"]),
    ("deals", &["description", "amount"]),
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
                    users.push((customer, self.user()));
                }
            }
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
            "price" | "amount" => format!("{}.50", self.count),
            _ => self.text(property),
        }
    }

    /// A new object, with what belongs to it.
    fn make(&mut self, entity: &'static str) -> Vec<Change> {
        let mut texts = match entity {
            "companies" => self.company(),
            "contacts" => self.contact(),
            "products" => self.product(),
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
            _ => &[],
        };
        for (to, often) in links {
            if self.rng.random_bool(*often) {
                changes.extend(self.link(own, to));
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

    fn some(&mut self, entity: &'static str) -> Option<Object> {
        let alive = self.alive.get(entity)?;
        Some((entity, *alive.choose(&mut self.rng)?))
    }

    /// One that is not there any more; not the last ones, as others need somebody.
    fn take(&mut self, entity: &'static str) -> Option<Object> {
        let alive = self.alive.get_mut(entity).filter(|alive| alive.len() > 3)?;
        let own = (
            entity,
            alive.swap_remove(self.rng.random_range(0..alive.len())),
        );
        self.links.retain(|(from, to)| *from != own && *to != own);
        Some(own)
    }

    fn change(&mut self) -> Vec<Change> {
        let entity = *ENTITIES.choose(&mut self.rng).unwrap();
        match self.rng.random_range(0..16) {
            0..=2 => self.make(entity),
            3 => self.archive(entity).into_iter().collect(),
            4 => self.restore().into_iter().collect(),
            5 => self.merge(entity).into_iter().collect(),
            6 => self.relink().into_iter().collect(),
            7 => self.unlink().into_iter().collect(),
            8 => self.passed_on(),
            9 => self.removed().into_iter().collect(),
            10 => self.in_halo(entity).into_iter().collect(),
            11 => self.renamed(entity).into_iter().collect(),
            12 => {
                let own = self.some("deals");
                let stage = self.stage(false);
                own.map(|own| Change::Edit(own, stage))
                    .into_iter()
                    .collect()
            }
            _ => self.edited(entity).into_iter().collect(),
        }
    }

    fn edited(&mut self, entity: &'static str) -> Option<Change> {
        let own = self.some(entity)?;
        let property = *values_of(entity).choose(&mut self.rng)?;
        Some(Change::Edit(own, vec![(property, self.value(property))]))
    }

    fn renamed(&mut self, entity: &'static str) -> Option<Change> {
        let own = self.some(entity)?;
        let property = match entity {
            "contacts" => "firstname",
            "deals" => "dealname",
            "products" if self.rng.random_bool(0.5) => "hs_sku",
            _ => "name",
        };
        let name = match property {
            "hs_sku" => self.sku(),
            _ => self.name(),
        };
        Some(Change::Edit(own, vec![(property, name)]))
    }

    fn archive(&mut self, entity: &'static str) -> Option<Change> {
        let own = self.take(entity)?;
        self.archived.push(own);
        Some(Change::Archive(own))
    }

    fn restore(&mut self) -> Option<Change> {
        let own = self.archived.pop()?;
        self.alive.entry(own.0).or_default().push(own.1);
        Some(Change::Restore(own))
    }

    fn merge(&mut self, entity: &'static str) -> Option<Change> {
        // HubSpot merges no products.
        if entity == "products" {
            return None;
        }
        let (primary, other) = (self.take(entity)?, self.take(entity)?);
        // The survivor counts as a new one.
        self.counted(entity);
        Some(Change::Merge(primary, other))
    }

    fn relink(&mut self) -> Option<Change> {
        let from = *["contacts", "deals"].choose(&mut self.rng)?;
        let to = match from {
            "deals" if self.rng.random_bool(0.4) => "contacts",
            _ => "companies",
        };
        let from = self.some(from)?;
        self.link(from, to)
    }

    fn unlink(&mut self) -> Option<Change> {
        if self.links.is_empty() {
            return None;
        }
        let at = self.rng.random_range(0..self.links.len());
        let (from, to) = self.links.swap_remove(at);
        self.links.retain(|link| *link != (from, to));
        Some(Change::Unlink(from, to))
    }

    /// An address goes from one contact to another.
    fn passed_on(&mut self) -> Vec<Change> {
        let (Some(from), Some(to)) = (self.some("contacts"), self.some("contacts")) else {
            return Vec::new();
        };
        if from == to {
            return Vec::new();
        }
        self.count += 1;
        let address = |count: u32| vec![("email", format!("p{count}@example.com"))];
        let (old, new) = (address(self.count), address(self.count + 1));
        self.count += 1;
        vec![
            Change::Edit(from, old.clone()),
            Change::Edit(from, new),
            Change::Edit(to, old),
        ]
    }

    /// A stage is removed, or an owner leaves.
    fn removed(&mut self) -> Option<Change> {
        if self.rng.random_bool(0.5) {
            return Some(Change::Owner(self.rng.random_range(0..OWNERS)));
        }
        // One open stage stays, and all closed ones.
        if self.gone.is_empty() {
            self.gone.push(1);
            return Some(Change::Stage(1));
        }
        None
    }

    fn in_halo(&mut self, entity: &'static str) -> Option<Change> {
        let own = self.some(entity)?;
        let (kind, fields): (_, &[&str]) = match entity {
            "companies" => ("customer", &["main_phonenumber", "website"]),
            "contacts" => ("user", &["phonenumber", "mobilenumber"]),
            "products" => ("item", &["description", "externalreference"]),
            _ => ("ticket", &["details", "oppcompanyname"]),
        };
        let field = *fields.choose(&mut self.rng)?;
        Some(Change::Halo(kind, own, vec![(field, self.text("edited"))]))
    }

    /// Another value before the one that an edit of these changes gives; not where the
    /// first value that is seen is the one that stays.
    fn interim(
        &mut self,
        phase: usize,
        changes: &[Change],
        rules: &Rules,
    ) -> Vec<(Object, &'static str, String)> {
        let mut interim = Vec::new();
        for change in changes {
            if phase > 0
                && let Change::Edit(own, texts) = change
                && let [(property, _)] = texts.as_slice()
                && values_of(own.0).contains(property)
                && !rules.keeps_first(own.0, property)
                && self.alive[own.0].contains(&own.1)
            {
                interim.push((*own, *property, self.value(property)));
            }
        }
        interim
    }
}

/// The properties of a type that change without consequence.
fn values_of(entity: &str) -> &'static [&'static str] {
    let of = VALUES.iter().find(|(known, _)| *known == entity);
    of.map_or(&[], |(_, properties)| properties)
}
