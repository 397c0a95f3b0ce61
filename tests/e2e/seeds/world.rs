//! A random world: an account of HubSpot, what Halo has already, the settings, and
//! what people change between two imports. Plain data, drawn from one seed, so that
//! it can be played again in another workshop.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

/// Imports with changes between them.
pub const PHASES: usize = 3;

/// Names that are the same for people, names that are not, and names of all kinds.
const NAMES: [&str; 16] = [
    "Acme",
    "ACME",
    " acme  ",
    "Straße 24",
    "STRASSE 24",
    "Ünïcode & Söhne <GmbH>",
    "O'Brien; \"quoted\", \\ and more",
    "日本株式会社",
    "Cafe\u{301} 🦊",
    "Café 🦊",
    "null",
    "0",
    "<script>alert(1)</script>",
    "Two  words",
    "two words",
    "%_*?",
];

/// Properties that an interim edit touches: no match depends on them.
const VALUES: [&str; 4] = ["phone", "website", "city", "t_number"];

/// Letters that the website has no room for.
const LONG: usize = 300;

/// Stages of the account; empty for none.
const STAGES: [&str; 4] = ["lead", "customer", "other", ""];

/// Names and values of a record.
pub type Texts = Vec<(&'static str, String)>;

/// What a person changes. Companies and customers are counted in the order in which
/// they were made.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new company.
    Company(Texts),
    /// Other values of a company.
    Edit(usize, Texts),
    /// A company goes into the recycling bin.
    Archive(usize),
    /// Out of it again.
    Restore(usize),
    /// Two companies become a new one.
    Merge(usize, usize),
    /// Other values of a customer in Halo.
    Customer(usize, Texts),
}

/// How companies are imported in a phase.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Lifecycle stages; nothing for all.
    pub stages: Option<Vec<&'static str>>,
    /// Company and customer; nothing for a customer that does not exist.
    pub table: Vec<(usize, Option<usize>)>,
    /// Rows of the field mapping, by their number.
    pub fields: Vec<usize>,
}

/// Everything.
#[derive(Clone, Debug)]
pub struct World {
    /// Customers of Halo, and whether each has a site.
    pub customers: Vec<(Texts, bool)>,
    /// What changes before each import.
    pub changes: Vec<Vec<Change>>,
    /// Edits that are gone again before the import is done: only an import that was
    /// interrupted may have seen them.
    pub interim: Vec<Vec<(usize, &'static str, String)>>,
    /// The rules of each import.
    pub rules: Vec<Rules>,
}

/// Draws a world.
pub struct Painter {
    rng: StdRng,
    /// Companies that can be changed.
    alive: Vec<usize>,
    archived: Vec<usize>,
    companies: usize,
    customers: usize,
    /// Makes each value another one.
    count: u32,
}

impl World {
    /// The world of a seed.
    pub fn of(seed: u64) -> World {
        let mut painter = Painter {
            rng: StdRng::seed_from_u64(seed),
            alive: Vec::new(),
            archived: Vec::new(),
            companies: 0,
            customers: 0,
            count: 0,
        };
        painter.world()
    }
}

impl Painter {
    fn world(&mut self) -> World {
        self.customers = self.rng.random_range(4..14);
        let customers = (0..self.customers)
            .map(|_| (self.customer(), self.rng.random_bool(0.5)))
            .collect();
        let mut world = World {
            customers,
            changes: Vec::new(),
            interim: Vec::new(),
            rules: Vec::new(),
        };
        // One page, or a second one that has just begun.
        let first = *[12, 40, 104].choose(&mut self.rng).unwrap();
        for phase in 0..PHASES {
            let changes: Vec<Change> = if phase == 0 {
                (0..first).map(|_| self.company()).collect()
            } else {
                (0..self.rng.random_range(3..12))
                    .filter_map(|_| self.change())
                    .collect()
            };
            let interim = if phase == 0 {
                Vec::new()
            } else {
                self.interim(&changes)
            };
            world.changes.push(changes);
            world.interim.push(interim);
            let rules = match world.rules.last() {
                Some(last) if self.rng.random_bool(0.6) => last.clone(),
                _ => self.rules(),
            };
            world.rules.push(rules);
        }
        world
    }

    fn name(&mut self) -> String {
        let name = *NAMES.choose(&mut self.rng).unwrap();
        if self.rng.random_bool(0.3) {
            return name.to_owned();
        }
        format!("{name} {}", self.rng.random_range(0..200))
    }

    fn customer(&mut self) -> Texts {
        let mut texts = vec![("name", self.name())];
        for field in ["main_phonenumber", "website", "CFCity"] {
            if self.rng.random_bool(0.3) {
                texts.push((field, self.text("of Halo")));
            }
        }
        texts
    }

    fn text(&mut self, what: &str) -> String {
        self.count += 1;
        match self.rng.random_range(0..12) {
            // More than the website has room for: the row is refused.
            0 => format!("{what} {} {}", self.count, "x".repeat(LONG)),
            1 => String::new(),
            _ => format!("{what} {} ü", self.count),
        }
    }

    fn value(&mut self, property: &str) -> String {
        if property == "t_number" {
            self.count += 1;
            return format!("{}.50", self.count);
        }
        self.text(property)
    }

    fn company(&mut self) -> Change {
        self.alive.push(self.companies);
        self.companies += 1;
        let mut texts = Vec::new();
        if self.rng.random_bool(0.92) {
            texts.push(("name", self.name()));
        }
        // HubSpot asks for one of both.
        if texts.is_empty() || self.rng.random_bool(0.5) {
            self.count += 1;
            texts.push(("domain", format!("d{}.example", self.count % 60)));
        }
        let stage = *STAGES.choose(&mut self.rng).unwrap();
        if !stage.is_empty() {
            texts.push(("lifecyclestage", stage.to_owned()));
        }
        for property in VALUES {
            if self.rng.random_bool(0.5) {
                texts.push((property, self.value(property)));
            }
        }
        for (property, choices) in [
            ("t_one", ["north", "south"]),
            ("t_many", ["red", "blue;red"]),
            ("t_flag", ["true", "false"]),
            ("t_day", ["2026-03-29", "2024-02-29"]),
        ] {
            if self.rng.random_bool(0.4) {
                let value = *choices.choose(&mut self.rng).unwrap();
                texts.push((property, value.to_owned()));
            }
        }
        texts.retain(|(_, value)| !value.is_empty());
        Change::Company(texts)
    }

    fn take(&mut self) -> Option<usize> {
        // Not the last ones: others still need somebody.
        if self.alive.len() < 4 {
            return None;
        }
        let at = self.rng.random_range(0..self.alive.len());
        Some(self.alive.swap_remove(at))
    }

    fn change(&mut self) -> Option<Change> {
        Some(match self.rng.random_range(0..12) {
            0 | 1 => self.company(),
            2 => {
                let id = self.take()?;
                self.archived.push(id);
                Change::Archive(id)
            }
            3 => {
                let id = self.archived.pop()?;
                self.alive.push(id);
                Change::Restore(id)
            }
            4 => {
                let (primary, other) = (self.take()?, self.take()?);
                // The survivor counts as a new company.
                self.alive.push(self.companies);
                self.companies += 1;
                Change::Merge(primary, other)
            }
            5 | 6 => {
                let customer = self.rng.random_range(0..self.customers);
                Change::Customer(customer, self.customer())
            }
            7 => Change::Edit(
                *self.alive.choose(&mut self.rng)?,
                vec![("name", self.name())],
            ),
            8 => {
                let stage = (*STAGES[..3].choose(&mut self.rng)?).to_owned();
                Change::Edit(
                    *self.alive.choose(&mut self.rng)?,
                    vec![("lifecyclestage", stage)],
                )
            }
            _ => {
                let property = *VALUES.choose(&mut self.rng)?;
                let value = self.value(property);
                Change::Edit(*self.alive.choose(&mut self.rng)?, vec![(property, value)])
            }
        })
    }

    /// Another value before the one that an edit of these changes gives; not where
    /// that one is refused, as a clean import would never have let the row in.
    fn interim(&mut self, changes: &[Change]) -> Vec<(usize, &'static str, String)> {
        let mut interim = Vec::new();
        for change in changes {
            if let Change::Edit(company, texts) = change
                && let [(property, last)] = texts.as_slice()
                && VALUES.contains(property)
                && last.len() < LONG
                && self.alive.contains(company)
            {
                interim.push((*company, *property, self.value(property)));
            }
        }
        interim
    }

    fn rules(&mut self) -> Rules {
        let stages = self.rng.random_bool(0.6).then(|| {
            let mut stages = vec!["customer"];
            for stage in ["lead", "(none)"] {
                if self.rng.random_bool(0.5) {
                    stages.push(stage);
                }
            }
            stages
        });
        let mut table = Vec::new();
        for _ in 0..self.rng.random_range(0..4) {
            let customer = self
                .rng
                .random_bool(0.85)
                .then(|| self.rng.random_range(0..self.customers));
            table.push((self.rng.random_range(0..12), customer));
        }
        let fields = (0..super::FIELDS.len())
            .filter(|_| self.rng.random_bool(0.6))
            .collect();
        Rules {
            stages,
            table,
            fields,
        }
    }
}
