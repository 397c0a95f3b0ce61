//! What the records API has: the paths of Halo's API, the kind of record behind each,
//! and the names that Halo gives to what is around the fields.

/// A path of the API.
#[derive(Debug)]
pub(super) struct Resource {
    /// The segment behind `/api/`; Halo does not look at the case of its letters.
    pub(super) path: &'static str,
    /// The kind of its records.
    pub(super) kind: &'static str,
    /// The name of the list in an answer; without one, the list is the answer.
    pub(super) list: Option<&'static str>,
    /// When a record was made, where Halo tells.
    pub(super) created: Option<&'static str>,
    /// When it was changed last, where Halo tells.
    pub(super) changed: Option<&'static str>,
    /// What a token must be good for; nothing but `all` where Halo does not document
    /// a narrower scope.
    pub(super) area: Option<&'static str>,
    /// What can be done.
    pub(super) may: May,
}

/// What can be done with the records of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum May {
    /// They are read and written.
    Write,
    /// They are read; the administrator makes them elsewhere.
    Read,
}

/// What lies inside quotations; it has no path of its own.
pub(super) const LINE: Resource = Resource {
    path: "",
    kind: "quotation-line",
    list: None,
    created: None,
    changed: None,
    area: None,
    may: May::Write,
};

/// The path whose tickets are the opportunities only.
pub(super) const OPPORTUNITIES: &str = "Opportunities";
/// The area of the tickets, which covers what they refer to.
const TICKETS: Option<&str> = Some("tickets");
const CUSTOMERS: Option<&str> = Some("customers");

/// All paths that have records behind them.
const RESOURCES: [Resource; 10] = [
    Resource {
        path: "Client",
        kind: "customer",
        list: Some("clients"),
        created: Some("datecreated"),
        changed: Some("alastupdate"),
        area: CUSTOMERS,
        may: May::Write,
    },
    Resource {
        path: "Users",
        kind: "user",
        list: Some("users"),
        created: Some("datecreated"),
        changed: Some("ulastupdate"),
        area: CUSTOMERS,
        may: May::Write,
    },
    // There is no scope for sites: that of customers covers them.
    Resource {
        path: "Site",
        kind: "site",
        list: Some("sites"),
        created: None,
        changed: Some("slastupdate"),
        area: CUSTOMERS,
        may: May::Write,
    },
    Resource {
        path: "Item",
        kind: "item",
        list: Some("items"),
        created: Some("datecreated"),
        changed: Some("lastmodified"),
        area: Some("items"),
        may: May::Write,
    },
    Resource {
        path: "Quotation",
        kind: "quotation",
        list: Some("quotes"),
        created: None,
        changed: Some("last_update_time"),
        area: None,
        may: May::Write,
    },
    Resource {
        path: "Tickets",
        kind: "ticket",
        list: Some("tickets"),
        created: Some("dateoccurred"),
        changed: Some("last_update"),
        area: TICKETS,
        may: May::Write,
    },
    // The same records, and the same name of the list.
    Resource {
        path: OPPORTUNITIES,
        kind: "ticket",
        list: Some("tickets"),
        created: Some("dateoccurred"),
        changed: Some("last_update"),
        area: TICKETS,
        may: May::Write,
    },
    Resource {
        path: "TicketType",
        kind: "ticket-type",
        list: None,
        created: None,
        changed: None,
        area: TICKETS,
        may: May::Read,
    },
    Resource {
        path: "Status",
        kind: "status",
        list: None,
        created: None,
        changed: None,
        area: TICKETS,
        may: May::Read,
    },
    Resource {
        path: "Agent",
        kind: "agent",
        list: None,
        created: None,
        changed: None,
        area: TICKETS,
        may: May::Read,
    },
];

/// The areas that scopes are made for: `read:customers`, `edit:items`, …
pub(super) const AREAS: [&str; 3] = ["customers", "items", "tickets"];

/// The path of that name.
pub(super) fn resource(path: &str) -> Option<&'static Resource> {
    /// A reference to a constant lives as long as the program.
    const ALL: &[Resource] = &RESOURCES;
    ALL.iter()
        .find(|resource| resource.path.eq_ignore_ascii_case(path))
}

/// The names of all paths, for a sentence.
pub(super) fn paths() -> String {
    let mut names: Vec<&str> = RESOURCES.iter().map(|resource| resource.path).collect();
    names.push(super::field_info::PATH);
    names.join(", ")
}
