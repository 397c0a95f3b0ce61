//! A random account with companies, contacts, products, deals and quotes: what both sides
//! have, the settings, and what people change between two imports. Plain data, drawn from one
//! seed, so that it can be played again in another workshop.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

mod painter;

use painter::Painter;

/// Imports with changes between them.
pub const PHASES: usize = 2;

/// The types of objects, in the order in which an import of all takes them.
pub const ENTITIES: [&str; 5] = ["companies", "contacts", "products", "deals", "quotes"];

/// The lines of quotes: objects of their own, which come with their quotes.
pub const LINES: &str = "line_items";

/// Pipelines with their stages: open ones before the closed ones.
pub const STAGES: [(&str, &str); 6] = [
    ("default", "appointmentscheduled"),
    ("default", "qualifiedtobuy"),
    ("168391250", "168391251"),
    ("168391250", "168391252"),
    ("default", "closedwon"),
    ("default", "closedlost"),
];
/// How many of those are open.
const OPEN: usize = 3;

/// Owners of HubSpot.
pub const OWNERS: usize = 3;
/// Agents of Halo.
pub const AGENTS: usize = 2;
/// Statuses of Halo.
pub const STATUSES: usize = 2;

/// Rows of the field mappings to choose from, by entity.
pub const FIELDS: [(&str, &str); 13] = [
    (
        "contacts",
        r#"{ "property": "jobtitle", "field": "CFJob" }"#,
    ),
    (
        "contacts",
        r#"{ "property": "phone", "field": "phonenumber", "empty-overwrites": true }"#,
    ),
    (
        "contacts",
        r#"{ "property": "mobilephone", "field": "mobilenumber", "never-update": true }"#,
    ),
    ("products", r#"{ "property": "name", "field": "name" }"#),
    (
        "products",
        r#"{ "property": "description", "field": "description" }"#,
    ),
    (
        "products",
        r#"{ "property": "price", "field": "baseprice" }"#,
    ),
    (
        "products",
        r#"{ "property": "hs_sku", "field": "internalreference" }"#,
    ),
    (
        "deals",
        r#"{ "property": "description", "field": "details" }"#,
    ),
    (
        "deals",
        r#"{ "property": "has_site_visit", "field": "CFVisited" }"#,
    ),
    (
        "deals",
        r#"{ "property": "hs_priority", "field": "CFPriority" }"#,
    ),
    (
        "deals",
        r#"{ "property": "amount", "field": "oppvalue", "new-records-only": true }"#,
    ),
    (
        "quotes",
        r#"{ "property": "hs_comments", "field": "note" }"#,
    ),
    (
        "quotes",
        r#"{ "property": "order_reference", "field": "po_ref", "never-update": true }"#,
    ),
];

/// Names and values of an object or a record. The owner of a deal and the product of a
/// line are counted, and named when the world is played.
pub type Texts = Vec<(&'static str, String)>;

/// A type of objects, and how many of it were made before.
pub type Object = (&'static str, usize);

/// What a person does.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new object.
    Make(&'static str, Texts),
    /// Other values.
    Edit(Object, Texts),
    /// Two objects belong together, with the second as the primary one or not.
    Link(Object, Object, bool),
    /// And no more.
    Unlink(Object, Object),
    /// An object goes into the recycling bin.
    Archive(Object),
    /// Out of it again.
    Restore(Object),
    /// Two objects become a new one.
    Merge(Object, Object),
    /// A stage is removed.
    Stage(usize),
    /// An owner leaves.
    Owner(usize),
    /// Other values of the record that an object is linked to, if it is.
    Halo(&'static str, Object, Texts),
    /// The record that an object is linked to is removed, if there is one.
    Removed(&'static str, Object),
}

/// How an account is imported.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Lifecycle stages; nothing for all.
    pub stages: Option<Vec<&'static str>>,
    /// The customer mapping table, both sides counted.
    pub table: Vec<(usize, usize)>,
    /// Whether the address comes along.
    pub address: bool,
    /// Whether there is a default site.
    pub default_site: bool,
    /// Whether contacts without an address go in.
    pub without_email: bool,
    /// Rows of the field mappings, by their number.
    pub fields: Vec<usize>,
    /// Whether new deals go in unasked; else by a preview.
    pub create: bool,
    /// By stage: the status.
    pub statuses: Vec<(usize, usize)>,
    /// By owner: the agent.
    pub agents: Vec<(usize, usize)>,
    /// Of stages and of owners: what has no row is left alone, or stops its deal.
    pub keep: [bool; 2],
    /// The agent of all other owners.
    pub default_agent: Option<usize>,
}

/// Everything.
#[derive(Clone, Debug)]
pub struct World {
    /// Customers of Halo, and whether each has a site.
    pub customers: Vec<(String, bool)>,
    /// Users: the number of a customer that has a site, or nothing for the default site,
    /// and what they hold.
    pub users: Vec<(Option<usize>, Texts)>,
    /// Items.
    pub items: Vec<Texts>,
    /// What changes before each import.
    pub changes: Vec<Vec<Change>>,
    /// Edits that are gone again before the import is done: only an import that was
    /// interrupted may have seen them.
    pub interim: Vec<Vec<(Object, &'static str, String)>>,
    /// The rules of each import.
    pub rules: Vec<Rules>,
}

impl World {
    /// The world of a seed.
    pub fn of(seed: u64) -> World {
        Painter::new(StdRng::seed_from_u64(seed)).world()
    }
}

impl Rules {
    /// Whether a mapping row fills its field once and never again.
    fn keeps_first(&self, entity: &str, property: &str) -> bool {
        let rows = self.fields.iter().map(|row| FIELDS[*row]);
        let mut rows = rows.filter(|(of, row)| *of == entity && row.contains(property));
        rows.any(|(_, row)| row.contains("new-records-only") || row.contains("never-update"))
    }

    fn of(rng: &mut StdRng, customers: usize) -> Rules {
        let pairs = |rng: &mut StdRng, left: usize, right: usize| -> Vec<(usize, usize)> {
            let mut pairs = Vec::new();
            for from in 0..left {
                if rng.random_bool(0.7) {
                    pairs.push((from, rng.random_range(0..right)));
                }
            }
            pairs
        };
        let mut table = Vec::new();
        for _ in 0..rng.random_range(0..3) {
            table.push((rng.random_range(0..4), rng.random_range(0..customers)));
        }
        Rules {
            stages: rng
                .random_bool(0.3)
                .then(|| vec!["customer", "lead", "(none)"]),
            table,
            address: rng.random_bool(0.3),
            default_site: rng.random_bool(0.5),
            without_email: rng.random_bool(0.5),
            fields: (0..FIELDS.len()).filter(|_| rng.random_bool(0.6)).collect(),
            create: rng.random_bool(0.6),
            statuses: if rng.random_bool(0.7) {
                pairs(rng, STAGES.len(), STATUSES)
            } else {
                Vec::new()
            },
            agents: if rng.random_bool(0.7) {
                pairs(rng, OWNERS, AGENTS)
            } else {
                Vec::new()
            },
            keep: [rng.random_bool(0.6), rng.random_bool(0.6)],
            default_agent: rng.random_bool(0.3).then(|| rng.random_range(0..AGENTS)),
        }
    }
}
