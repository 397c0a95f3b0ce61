//! What becomes of one contact, case by case.

use super::*;

const HERE: Spot = Spot {
    site: 70,
    customer: 7,
};
const DEFAULT: Spot = Spot {
    site: 90,
    customer: 9,
};

/// Contact 1, Ada, of company 5, which is customer 7.
struct Case {
    properties: Vec<(&'static str, &'static str)>,
    known: Known,
    settings: Contacts,
}

fn case() -> Case {
    let mut known = Known::default();
    known
        .companies
        .insert("1".to_owned(), Company::One("5".to_owned()));
    known.spots.insert("5".to_owned(), Ok(HERE));
    known.customers = BTreeMap::from([(70, 7), (71, 7), (80, 8), (90, 9)]);
    Case {
        properties: vec![
            ("firstname", "Ada"),
            ("lastname", "Lovelace"),
            ("email", "ada@example.com"),
        ],
        known,
        settings: Contacts::default(),
    }
}

impl Case {
    fn plan(&self) -> Fate {
        self.plan_as("1", &mut Taken::default())
    }

    fn plan_as(&self, id: &str, taken: &mut Taken) -> Fate {
        let fields = contact::fields(&[], &BTreeMap::new());
        let rules = Rules {
            settings: &self.settings,
            fields: &fields,
            prefix: "",
        };
        plan(
            &Object::with(id, &self.properties),
            &rules,
            &self.known,
            taken,
        )
    }

    /// `created at 70`, `updated 3 …`, `3 as it is`, or outcome and code.
    fn check(&self, expected: &str) {
        assert_eq!(told(&self.plan()), expected);
    }

    fn user(&mut self, id: u64, site: u64, keys: &[&str]) {
        let record = user(id, site, keys);
        for key in keys {
            self.known.linked.insert((*key).to_owned(), record.clone());
        }
        self.known
            .by_email
            .entry("ada@example.com".to_owned())
            .or_default()
            .push(record);
    }

    /// Contact 1 is user `id`; its site as of the last comparison.
    fn linked(&mut self, id: u64, site: u64, placed: Option<u64>) {
        self.user(id, site, &["1"]);
        let mut values = Values::new();
        for (field, value) in [
            ("firstname", "Ada"),
            ("surname", "Lovelace"),
            (EMAIL, "ada@example.com"),
            (NAME, "Ada Lovelace"),
        ] {
            values.insert(field.to_owned(), Some(value.to_owned()));
        }
        values.insert(SITE.to_owned(), placed.map(|site| site.to_string()));
        self.known.agreed.insert(
            "1".to_owned(),
            Agreed {
                record: id,
                values,
                ..Agreed::default()
            },
        );
    }
}

fn user(id: u64, at: u64, keys: &[&str]) -> Stored {
    let text = |text: &str| Value::Text(text.to_owned());
    Stored {
        id,
        revision: 1,
        fields: vec![
            field(NAME, text("Ada Lovelace")),
            field("firstname", text("Ada")),
            field("surname", text("Lovelace")),
            field(EMAIL, text("ada@example.com")),
            site(at),
        ],
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
    }
}

fn told(fate: &Fate) -> String {
    let (part, until) = match fate {
        Fate::Stop {
            outcome, reason, ..
        } => return format!("{outcome} {}", reason.code),
        Fate::Wait { until, reason } => {
            return format!("waiting for {}: {}", until[0].id, reason.code);
        }
        Fate::Goes { parts, until, .. } => (&parts[0], until),
    };
    let moved = part.row.as_ref().and_then(|row| {
        let field = row.fields.iter().find(|field| field.name == SITE)?;
        match &field.value {
            Value::Reference(RecordRef::Id(id)) => Some(*id),
            _ => None,
        }
    });
    let what = match (&part.row, part.record) {
        (None, Some(id)) => format!("{id} as it is"),
        (Some(row), Some(id)) if row.fields.is_empty() => format!("linked {id}"),
        (Some(_), Some(id)) => format!("updated {id}"),
        _ => "created".to_owned(),
    };
    let at = moved.map_or_else(String::new, |site| format!(" at {site}"));
    let until = until
        .first()
        .map_or_else(String::new, |until| format!(", until {}", until.id));
    format!("{what}{at}{until}")
}

#[test]
fn s21_s22_a_contact_becomes_a_user_at_its_companys_site() {
    let case = case();
    case.check("created at 70");
    let Fate::Goes { parts, .. } = case.plan() else {
        panic!()
    };
    let fields = &parts[0].row.as_ref().unwrap().fields;
    let value = |name: &str| {
        let field = fields.iter().find(|field| field.name == name);
        field.map(|field| field.value.clone())
    };
    assert_eq!(value(NAME), Some(Value::Text("Ada Lovelace".to_owned())));
    assert_eq!(value("surname"), Some(Value::Text("Lovelace".to_owned())));
    assert_eq!(
        value(EMAIL),
        Some(Value::Text("ada@example.com".to_owned()))
    );
}

#[test]
fn s25_s26_without_its_company_it_goes_to_the_default_site_or_waits() {
    let mut case = case();
    case.known.spots.clear();
    case.check("waiting for 5: company-not-imported");
    case.known.default = Some(DEFAULT);
    case.check("created at 90, until 5");
    case.known.companies.clear();
    case.check("created at 90");
    case.known.default = None;
    case.check("skipped no-company");
    let several = Company::Several(vec!["5".to_owned(), "6".to_owned()]);
    case.known.companies.insert("1".to_owned(), several);
    case.check("skipped ambiguous-company");
    case.known.default = Some(DEFAULT);
    case.check("created at 90");
}

#[test]
fn a_contact_whose_customer_can_have_no_site_stops_alone_and_a_linked_one_stays() {
    let refused = || Err(Failure::new("invalid", "No site may be made here."));
    let mut new = case();
    new.known.spots.insert("5".to_owned(), refused());
    new.check("failed invalid");
    let mut linked = case();
    linked.linked(3, 70, Some(70));
    linked.known.spots.insert("5".to_owned(), refused());
    linked.check("3 as it is");
}

#[test]
fn s27_one_user_of_that_address_at_that_customer_is_linked() {
    let mut case = case();
    case.user(3, 71, &[]);
    case.check("linked 3");
    // Two of them: nothing is guessed.
    case.user(4, 70, &[]);
    case.check("conflict ambiguous");
}

#[test]
fn an_address_of_somebody_elsewhere_or_of_a_linked_user_stops_the_row() {
    let mut elsewhere = case();
    elsewhere.user(3, 80, &[]);
    elsewhere.check("conflict email-elsewhere");
    let mut linked = case();
    linked.user(3, 70, &["2"]);
    linked.check("conflict already-linked");
    linked.known.gone.insert("2".to_owned());
    linked.check("linked 3");
}

#[test]
fn a7_without_an_address_nobody_is_made_unless_it_is_asked_for() {
    let mut case = case();
    case.properties.retain(|(name, _)| *name != "email");
    case.check("skipped no-email");
    case.settings.without_email = true;
    case.check("created at 70");
}

#[test]
fn two_contacts_of_one_page_with_one_address_do_not_become_one_user() {
    let mut case = case();
    let company = case.known.companies["1"].clone();
    case.known.companies.insert("2".to_owned(), company);
    let mut taken = Taken::default();
    assert_eq!(told(&case.plan_as("1", &mut taken)), "created at 70");
    assert_eq!(
        told(&case.plan_as("2", &mut taken)),
        "conflict already-linked"
    );
}

#[test]
fn two_contacts_of_one_page_with_one_address_stop_at_different_customers_too() {
    let mut case = case();
    case.known
        .companies
        .insert("2".to_owned(), Company::One("6".to_owned()));
    let there = Spot {
        site: 80,
        customer: 8,
    };
    case.known.spots.insert("6".to_owned(), Ok(there));
    let mut taken = Taken::default();
    assert_eq!(told(&case.plan_as("1", &mut taken)), "created at 70");
    assert_eq!(
        told(&case.plan_as("2", &mut taken)),
        "conflict already-linked"
    );
}

#[test]
fn an_address_that_a_contact_has_twice_is_no_conflict_with_itself() {
    let mut case = case();
    let twice = ("hs_additional_emails", "Ada@Example.com;ada@example.com");
    case.properties.push(twice);
    case.check("created at 70");
}

#[test]
fn a_contact_that_stops_keeps_no_address_from_others() {
    let mut case = case();
    for id in ["2", "3"] {
        let company = case.known.companies["1"].clone();
        case.known.companies.insert(id.to_owned(), company);
    }
    let mut taken = Taken::default();
    assert_eq!(told(&case.plan_as("1", &mut taken)), "created at 70");
    case.properties.retain(|(name, _)| *name != "email");
    case.properties.push(("email", "b@example.com"));
    let own = case.properties.clone();
    case.properties
        .push(("hs_additional_emails", "ada@example.com"));
    assert!(told(&case.plan_as("2", &mut taken)).starts_with("conflict"));
    case.properties = own;
    assert_eq!(told(&case.plan_as("3", &mut taken)), "created at 70");
}

#[test]
fn s28_a_user_at_the_default_site_moves_to_its_company_unless_somebody_moved_it() {
    let mut ours = case();
    ours.linked(3, 90, Some(90));
    ours.check("updated 3 at 70");
    let mut theirs = case();
    theirs.linked(3, 80, Some(90));
    theirs.check("3 as it is");
    // Its company is not there yet: it goes on waiting.
    let mut early = case();
    early.linked(3, 90, Some(90));
    early.known.spots.clear();
    early.known.default = Some(DEFAULT);
    early.check("3 as it is, until 5");
}

#[test]
fn s28_a_user_whose_making_was_not_answered_is_where_this_connector_has_put_it() {
    let mut case = case();
    case.known.spots.clear();
    case.known.default = Some(DEFAULT);
    let Fate::Goes { parts, .. } = case.plan() else {
        panic!()
    };
    // The rows stand, and nobody remembers them.
    case.known
        .intents
        .insert("1".to_owned(), Intent::after(None, &parts, false));
    case.user(3, 90, &["1"]);
    case.check("3 as it is, until 5");
    case.known.spots.insert("5".to_owned(), Ok(HERE));
    case.check("updated 3 at 70");
}

#[test]
fn s25_nobody_is_moved_to_the_default_site() {
    let mut case = case();
    case.linked(3, 70, Some(70));
    case.known.default = Some(DEFAULT);
    case.known.companies.clear();
    case.check("3 as it is");
}

#[test]
fn a_user_follows_its_contact_to_another_company() {
    let mut case = case();
    case.linked(3, 80, Some(80));
    case.check("updated 3 at 70");
}

#[test]
fn a_merged_contact_is_the_user_of_its_ancestor() {
    let mut case = case();
    case.properties.push(("hs_merged_object_ids", "51;52"));
    case.user(3, 70, &["51"]);
    case.check("linked 3");
    case.known
        .linked
        .insert("52".to_owned(), user(4, 70, &["52"]));
    case.check("conflict ambiguous");
}

#[test]
fn s27_before_its_company_is_in_halo_it_is_no_user_of_its_address_so_any_order_ends_the_same() {
    // At the default customer, and at that which its company turns out to be.
    for (at, later) in [(90, "conflict email-elsewhere"), (70, "linked 3")] {
        let mut early = case();
        early.user(3, at, &[]);
        early.check(later);
        early.known.spots.clear();
        early.known.default = Some(DEFAULT);
        early.check("conflict email-elsewhere");
    }
    // Without any company the default customer is its own.
    let mut nobodys = case();
    nobodys.user(3, 90, &[]);
    nobodys.known.companies.clear();
    nobodys.known.default = Some(DEFAULT);
    nobodys.check("linked 3");
}
