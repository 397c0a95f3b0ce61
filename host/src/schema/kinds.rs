//! The kinds as a table: Halo's records with the columns that a CRM connector reads
//! or writes, by their names in Halo's API. Text columns hold 255 characters where
//! Halo's do.
//!
//! A site's address is an object in Halo's API, `delivery_address` with `line1` to
//! `line4` (the last two are town and county by habit) and `postcode`; here each is a
//! field of its own, named by its path. The country lies beside it, as a code: here
//! `country_code` holds the country as people write it, and a runtime over Halo's API
//! looks the code up in both directions.

/// One field: name, label, type, and `max-length`, `required` or `kind=…` separated
/// by blanks.
pub(super) type Line = (&'static str, &'static str, &'static str, &'static str);

/// A text column of Halo.
const COLUMN: &str = "max-length=255";
const REQUIRED: &str = "max-length=255 required";

/// Name, label, fields.
pub(super) const KINDS: &[(&str, &str, &[Line])] = &[
    (
        "top-level",
        "Top level",
        &[("name", "Name", "text", REQUIRED)],
    ),
    (
        "customer",
        "Customer",
        &[
            ("name", "Name", "text", REQUIRED),
            ("toplevel_id", "Top level", "reference", "kind=top-level"),
            ("website", "Website", "url", COLUMN),
            ("domain", "Domain", "text", COLUMN),
            ("main_phonenumber", "Phone number", "phone", COLUMN),
            ("ref", "Reference", "text", COLUMN),
            ("notes", "Notes", "memo", ""),
            ("inactive", "Inactive", "checkbox", ""),
        ],
    ),
    (
        "site",
        "Site",
        &[
            ("name", "Name", "text", REQUIRED),
            (
                "client_id",
                "Customer",
                "reference",
                "kind=customer required",
            ),
            ("phonenumber", "Phone number", "phone", COLUMN),
            ("delivery_address.line1", "Address line 1", "text", COLUMN),
            ("delivery_address.line2", "Address line 2", "text", COLUMN),
            ("delivery_address.line3", "Address line 3", "text", COLUMN),
            ("delivery_address.line4", "Address line 4", "text", COLUMN),
            ("delivery_address.postcode", "Postcode", "text", COLUMN),
            ("country_code", "Country", "text", COLUMN),
            ("inactive", "Inactive", "checkbox", ""),
        ],
    ),
    (
        "user",
        "User",
        &[
            ("name", "Name", "text", REQUIRED),
            ("firstname", "First name", "text", COLUMN),
            ("surname", "Surname", "text", COLUMN),
            ("emailaddress", "E-mail", "email", COLUMN),
            ("email2", "Second e-mail", "email", COLUMN),
            ("email3", "Third e-mail", "email", COLUMN),
            ("phonenumber", "Phone number", "phone", COLUMN),
            ("mobilenumber", "Mobile number", "phone", COLUMN),
            ("site_id", "Site", "reference", "kind=site required"),
            ("department", "Department", "text", COLUMN),
            ("notes", "Notes", "memo", ""),
            ("inactive", "Inactive", "checkbox", ""),
        ],
    ),
    // Halo's asset groups; what Halo calls `ItemGroup` is a bundle for quotes.
    (
        "item-group",
        "Item group",
        &[("name", "Name", "text", REQUIRED)],
    ),
    (
        "item",
        "Item",
        &[
            ("name", "Name", "text", REQUIRED),
            ("description", "Description", "memo", ""),
            (
                "assetgroup_id",
                "Item group",
                "reference",
                "kind=item-group required",
            ),
            ("internalreference", "Internal reference", "text", COLUMN),
            ("externalreference", "External reference", "text", COLUMN),
            ("supplier_part_code", "Supplier part code", "text", COLUMN),
            ("baseprice", "Selling price", "decimal", ""),
            ("costprice", "Cost price", "decimal", ""),
            ("recurringprice", "Recurring price", "decimal", ""),
            ("recurringcost", "Recurring cost", "decimal", ""),
            ("isrecurringitem", "Recurring", "checkbox", ""),
            ("taxable", "Taxable", "checkbox", ""),
            ("manufacturer_name", "Manufacturer", "text", COLUMN),
            // Halo's way to take an item out of use is not documented.
            ("inactive", "Inactive", "checkbox", ""),
        ],
    ),
    (
        "agent",
        "Agent",
        &[
            ("name", "Name", "text", REQUIRED),
            ("email", "E-mail", "email", COLUMN),
            ("inactive", "Inactive", "checkbox", ""),
        ],
    ),
    (
        "ticket-type",
        "Ticket type",
        &[
            ("name", "Name", "text", REQUIRED),
            // `use` of Halo's ticket types: whether its tickets are opportunities.
            ("is_opportunity", "Opportunities", "checkbox", ""),
        ],
    ),
    ("status", "Status", &[("name", "Name", "text", REQUIRED)]),
    // Tickets and opportunities are one kind in Halo.
    (
        "ticket",
        "Ticket or opportunity",
        &[
            ("summary", "Summary", "text", REQUIRED),
            ("details", "Details", "memo", ""),
            (
                "tickettype_id",
                "Ticket type",
                "reference",
                "kind=ticket-type required",
            ),
            ("status_id", "Status", "reference", "kind=status"),
            ("client_id", "Customer", "reference", "kind=customer"),
            ("site_id", "Site", "reference", "kind=site"),
            ("user_id", "User", "reference", "kind=user"),
            ("agent_id", "Agent", "reference", "kind=agent"),
            ("oppvalue", "Value", "decimal", ""),
            ("oppconversionprobability", "Probability", "decimal", ""),
            ("oppcompanyname", "Company", "text", COLUMN),
            ("oppcontactname", "Contact", "text", COLUMN),
            ("oppemailaddress", "E-mail", "email", COLUMN),
            ("opptel", "Telephone", "phone", COLUMN),
            ("currency", "Currency", "text", COLUMN),
            ("startdate", "Start date", "date", ""),
            ("targetdate", "Target date", "date", ""),
            ("dateclosed", "Closed on", "date-time", ""),
            ("hasbeenclosed", "Closed", "checkbox", ""),
            (
                "opportunity_third_party_url",
                "Address elsewhere",
                "url",
                COLUMN,
            ),
        ],
    ),
    (
        "quotation",
        "Quotation",
        &[
            ("title", "Title", "text", REQUIRED),
            ("ticket_id", "Opportunity", "reference", "kind=ticket"),
            ("client_id", "Customer", "reference", "kind=customer"),
            ("site_id", "Site", "reference", "kind=site"),
            ("user_id", "User", "reference", "kind=user"),
            ("status_name", "Status", "text", COLUMN),
            ("date", "Date", "date", ""),
            ("expiry_date", "Expiry date", "date", ""),
            ("po_ref", "Purchase order", "text", COLUMN),
            ("note", "Note", "memo", ""),
            ("currency_code", "Currency", "text", COLUMN),
            ("third_party_url", "Address elsewhere", "url", COLUMN),
            ("third_party_number", "Number elsewhere", "text", COLUMN),
        ],
    ),
    // In Halo's API the lines lie inside their quotation.
    (
        "quotation-line",
        "Quotation line",
        &[
            (
                "quotation_id",
                "Quotation",
                "reference",
                "kind=quotation required",
            ),
            ("sort_seq", "Position", "integer", ""),
            ("item_id", "Item", "reference", "kind=item"),
            ("name", "Name", "text", REQUIRED),
            ("description", "Description", "memo", ""),
            ("current_quantity", "Quantity", "decimal", ""),
            ("current_price", "Price", "decimal", ""),
            ("costprice", "Cost price", "decimal", ""),
            ("discount_perc", "Discount in percent", "decimal", ""),
        ],
    ),
];

/// The fields by which records may be looked up.
pub const INDEXED: &[(&str, &[&str])] = &[
    ("top-level", &["name"]),
    ("customer", &["name", "domain"]),
    ("site", &["name", "client_id"]),
    (
        "user",
        &["name", "emailaddress", "email2", "email3", "site_id"],
    ),
    ("item-group", &["name"]),
    ("item", &["name", "internalreference", "externalreference"]),
    ("agent", &["name", "email"]),
    ("ticket-type", &["name"]),
    ("status", &["name"]),
    ("ticket", &["summary"]),
    ("quotation", &["title"]),
    ("quotation-line", &["quotation_id"]),
];

/// The field that people call a record by.
pub fn title_of(kind: &str) -> &'static str {
    match kind {
        "ticket" => "summary",
        "quotation" => "title",
        _ => "name",
    }
}
