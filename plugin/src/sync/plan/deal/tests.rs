//! What becomes of one deal, case by case.

use super::*;
use crate::contract::halo::integration::types::RecordRef;
use crate::hubspot::pipelines::Stage;
use crate::settings::deals::{OwnerPair, StagePair, Unmapped};

/// Deal 1, in the stage `open` of pipeline `p`, which is status 3.
struct Case {
    properties: Vec<(&'static str, &'static str)>,
    known: Known<'static>,
    settings: Deals,
    chosen: bool,
}

fn case() -> Case {
    let stage = |id: &str, is_closed: &str| Stage::with(id, is_closed);
    let pipelines = vec![Pipeline {
        id: "p".to_owned(),
        label: "Sales".to_owned(),
        stages: vec![stage("open", "false"), stage("won", "true")],
    }];
    Case {
        properties: vec![
            ("dealname", "Fleet"),
            ("pipeline", "p"),
            ("dealstage", "open"),
            ("closedate", "2026-09-30T12:00:00Z"),
        ],
        known: Known {
            pipelines: pipelines.leak(),
            ..Known::default()
        },
        settings: Deals {
            ticket_type: Some(1),
            ..Deals::default()
        },
        chosen: true,
    }
}

impl Case {
    fn put(&mut self, name: &'static str, value: &'static str) {
        self.properties.retain(|(known, _)| *known != name);
        self.properties.push((name, value));
    }

    fn map(&mut self, unmapped: Unmapped) {
        self.settings.unmapped_stages = unmapped;
        self.settings.stages = vec![StagePair {
            pipeline: "p".to_owned(),
            stage: "open".to_owned(),
            status: 3,
        }];
    }

    fn plan(&self) -> Fate {
        let fields = deal::fields(&self.settings, &[], &BTreeMap::new());
        let rules = Rules {
            settings: &self.settings,
            fields: &fields,
            prefix: "",
            chosen: self.chosen,
        };
        let object = Object::with("1", &self.properties);
        let object = deal::derived(object, self.known.pipelines, 0);
        plan(&object, &rules, &self.known)
    }

    /// `created: a=1 b=2`, `updated 7: …`, `7 as it is`, or outcome and code.
    fn check(&self, expected: &str) {
        assert_eq!(told(&self.plan()), expected);
    }

    /// Deal 1 is ticket 7, with the fields that an import had filled.
    fn linked(&mut self) {
        let Fate::Goes { parts, .. } = self.plan() else {
            panic!("{:?}", self.plan());
        };
        let part = &parts[0];
        self.known.linked.insert(
            "1".to_owned(),
            Stored {
                id: 7,
                revision: 1,
                fields: part.row.as_ref().unwrap().fields.clone(),
                keys: vec!["1".to_owned()],
            },
        );
        self.known.agreed.insert(
            "1".to_owned(),
            Agreed {
                record: 7,
                values: part.agreed.clone().unwrap(),
                ..Agreed::default()
            },
        );
    }

    fn edit(&mut self, name: &str, value: Value) {
        let record = self.known.linked.get_mut("1").unwrap();
        record.fields.retain(|field| field.name != name);
        record.fields.push(field(name, value));
    }

    /// What was written and not remembered: a call ended between the two.
    fn interrupted(&mut self) {
        let Fate::Goes { parts, .. } = self.plan() else {
            panic!("{:?}", self.plan());
        };
        let intent = Intent::after(None, &parts, false);
        self.linked();
        self.known.agreed.clear();
        self.known.intents.insert("1".to_owned(), intent);
    }

    /// Its company, which is not in Halo, or is this customer.
    fn prospect(&mut self, customer: Option<u64>) {
        let name = (deal::PROSPECT_COMPANY, "Acme".to_owned());
        let whose = Whose {
            customer,
            prospect: if customer.is_none() {
                vec![name]
            } else {
                Vec::new()
            },
            ..Whose::default()
        };
        self.known.whose.insert("1".to_owned(), whose);
    }

    fn of(&mut self, customer: Option<u64>, site: Option<u64>, user: Option<u64>) {
        let whose = Whose {
            customer,
            site,
            user,
            ..Whose::default()
        };
        self.known.whose.insert("1".to_owned(), whose);
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::None => "(empty)".to_owned(),
        Value::Text(text) => text.clone(),
        Value::Many(texts) => texts.join(";"),
        Value::Reference(RecordRef::Id(id)) => id.to_string(),
        Value::Reference(RecordRef::Key(key)) => key.clone(),
    }
}

fn told(fate: &Fate) -> String {
    let part = match fate {
        Fate::Stop {
            outcome, reason, ..
        } => return format!("{outcome} {}", reason.code),
        Fate::Wait { reason, .. } => return format!("waiting {}", reason.code),
        Fate::Goes { parts, .. } => &parts[0],
    };
    let mut fields: Vec<String> = part
        .row
        .iter()
        .flat_map(|row| &row.fields)
        .map(|field| format!("{}={}", field.name, shown(&field.value)))
        .collect();
    if let Fate::Goes {
        note: Some(note), ..
    } = fate
    {
        fields.push(format!("({})", note.code));
    }
    match (&part.row, part.record) {
        (None, Some(id)) => format!("{id} as it is"),
        (_, Some(id)) => format!("updated {id}: {}", fields.join(" ")),
        (_, None) => format!("created: {}", fields.join(" ")),
    }
}

#[test]
fn s50_s51_an_open_deal_becomes_a_ticket_of_the_type_with_its_values() {
    let mut case = case();
    case.put("amount", "1200.50");
    case.put("deal_currency_code", "EUR");
    case.map(Unmapped::Refuse);
    case.of(Some(5), Some(6), None);
    case.check(
        "created: summary=Fleet oppvalue=1200.50 targetdate=2026-09-30 currency=EUR status_id=3 tickettype_id=1 client_id=5 site_id=6",
    );
    case.linked();
    case.check("7 as it is");
}

#[test]
fn s54_closed_deals_and_those_that_nobody_has_chosen_stay_out() {
    for (stage, chosen, create, expected) in [
        ("won", true, false, "skipped closed"),
        ("won", false, true, "skipped closed"),
        ("open", false, false, "skipped not-selected"),
        ("gone", false, false, "skipped not-selected"),
        ("gone", true, false, "failed unknown-stage"),
        (
            "open",
            false,
            true,
            "created: summary=Fleet targetdate=2026-09-30 tickettype_id=1",
        ),
    ] {
        let mut case = case();
        case.put("dealstage", stage);
        case.chosen = chosen;
        case.settings.create = create;
        case.check(expected);
    }
}

#[test]
fn s61_an_imported_deal_is_followed_when_it_closes_and_opens_again() {
    let mut case = case();
    case.linked();
    case.chosen = false;
    case.put("dealstage", "won");
    case.check("updated 7: hasbeenclosed=true dateclosed=2026-09-30T12:00:00Z");
    // Opened again after that was agreed.
    let date = "2026-09-30T12:00:00Z";
    for (name, value) in [("hasbeenclosed", "true"), ("dateclosed", date)] {
        let agreed = case.known.agreed.get_mut("1").unwrap();
        agreed
            .values
            .insert(name.to_owned(), Some(value.to_owned()));
        case.edit(name, Value::Text(value.to_owned()));
    }
    case.put("dealstage", "open");
    case.check("updated 7: hasbeenclosed=(empty) dateclosed=(empty)");
    case.put("dealstage", "gone");
    case.check("failed unknown-stage");
}

#[test]
fn s51_a_stage_without_a_row_refuses_the_status_or_leaves_it_alone_or_has_the_default() {
    for (unmapped, default, expected) in [
        (
            Unmapped::Refuse,
            None,
            "updated 7: hasbeenclosed=true dateclosed=2026-09-30T12:00:00Z (field-refused)",
        ),
        // Where the two contradict each other, the one that writes less.
        (
            Unmapped::Keep,
            Some(9),
            "updated 7: hasbeenclosed=true dateclosed=2026-09-30T12:00:00Z",
        ),
        (
            Unmapped::Keep,
            None,
            "updated 7: hasbeenclosed=true dateclosed=2026-09-30T12:00:00Z",
        ),
        (
            Unmapped::Refuse,
            Some(9),
            "updated 7: status_id=9 hasbeenclosed=true dateclosed=2026-09-30T12:00:00Z",
        ),
    ] {
        let mut case = case();
        case.map(unmapped);
        case.settings.default_status = default;
        case.linked();
        case.put("dealstage", "won");
        case.check(expected);
    }
}

#[test]
fn a_status_that_was_left_alone_is_compared_with_what_was_agreed_before() {
    for unmapped in [Unmapped::Keep, Unmapped::Refuse] {
        let mut case = case();
        case.map(unmapped);
        case.linked();
        case.put("dealstage", "won");
        let Fate::Goes { parts, .. } = case.plan() else {
            panic!();
        };
        let agreed = parts[0].agreed.as_ref().unwrap();
        assert_eq!(agreed["status_id"].as_deref(), Some("p/open"));
    }
}

#[test]
fn s51_an_owner_without_a_row_is_told_by_name_and_the_ticket_is_made_without_an_agent() {
    let owner = |text: &str| serde_json::from_str(text).unwrap();
    let owners: Vec<Owner> = vec![
        owner(r#"{"id":"1","firstName":"Ada","lastName":"Byron"}"#),
        owner(r#"{"id":"2","email":"bo@example.com","archived":true}"#),
    ];
    for (id, who) in [
        ("1", "Ada Byron (1) is no agent"),
        ("2", "bo@example.com (2), who has left the account, is"),
        ("3", "3, whom the account does not have, is"),
    ] {
        let mut case = case();
        case.known.owners = owners.clone().leak();
        case.settings.owners = vec![OwnerPair {
            owner: "9".to_owned(),
            agent: 4,
        }];
        case.put("hubspot_owner_id", id);
        case.check("created: summary=Fleet targetdate=2026-09-30 tickettype_id=1 (field-refused)");
        let Fate::Goes { note, .. } = case.plan() else {
            panic!();
        };
        let told = note.unwrap().message;
        assert!(
            told.contains(who) && told.contains("default-agent"),
            "{told}"
        );
        // It has its agent as soon as there is a row.
        case.linked();
        case.put("hubspot_owner_id", "9");
        case.check("updated 7: agent_id=4");
    }
}

#[test]
fn a_ticket_goes_to_its_customer_once_that_is_there_and_stays_where_people_have_put_it() {
    let mut case = case();
    case.linked();
    case.of(Some(5), None, None);
    case.check("updated 7: client_id=5");
    case.edit("client_id", Value::Reference(RecordRef::Id(8)));
    case.check("7 as it is");
}

#[test]
fn with_another_customer_site_and_user_are_not_the_old_ones() {
    let mut case = case();
    case.of(Some(5), Some(6), Some(2));
    case.linked();
    // HubSpot says nothing any more: nothing is taken away.
    case.of(None, None, None);
    case.check("7 as it is");
    case.of(Some(9), None, None);
    case.check("updated 7: client_id=9 site_id=(empty) user_id=(empty)");
    // And the user has moved along since.
    let Fate::Goes { parts, .. } = case.plan() else {
        panic!("it is written");
    };
    let agreed = case.known.agreed.get_mut("1").unwrap();
    agreed.values = parts[0].agreed.clone().unwrap();
    case.edit("client_id", Value::Reference(RecordRef::Id(9)));
    case.edit("site_id", Value::None);
    case.edit("user_id", Value::None);
    case.of(Some(9), Some(8), Some(2));
    case.check("updated 7: site_id=8 user_id=2");
}

#[test]
fn a_user_who_is_another_customers_by_now_is_not_the_tickets() {
    let mut case = case();
    case.of(Some(5), Some(6), Some(2));
    case.linked();
    let elsewhere = Whose {
        customer: Some(5),
        is_user_elsewhere: true,
        ..Whose::default()
    };
    case.known.whose.insert("1".to_owned(), elsewhere);
    case.check("updated 7: site_id=(empty) user_id=(empty)");
    // Whom people have put there stays.
    case.edit("user_id", Value::Reference(RecordRef::Id(4)));
    case.check("7 as it is");
}

#[test]
fn an_edit_of_the_user_in_halo_stays() {
    let mut case = case();
    case.of(Some(5), Some(6), Some(2));
    case.linked();
    case.edit("user_id", Value::Reference(RecordRef::Id(4)));
    case.check("7 as it is");
    case.of(Some(5), Some(6), Some(3));
    case.check("updated 7: user_id=3");
}

#[test]
fn a_deal_without_a_name_is_refused_and_one_that_lost_it_keeps_its_summary() {
    let mut nameless = case();
    nameless.put("dealname", "");
    nameless.check("failed invalid");
    let mut case = case();
    case.linked();
    case.put("dealname", "");
    case.check("7 as it is");
}

#[test]
fn what_is_no_amount_or_no_date_is_left_out_and_told() {
    let mut case = case();
    case.put("amount", "a lot");
    case.check("created: summary=Fleet targetdate=2026-09-30 tickettype_id=1 (field-refused)");
    case.put("amount", "5");
    case.put("closedate", "soon");
    case.check("created: summary=Fleet oppvalue=5 tickettype_id=1 (field-refused)");
}

#[test]
fn s7_a_prospect_is_one_until_its_company_is_in_halo_also_when_a_call_ended_between() {
    for is_interrupted in [false, true] {
        let mut case = case();
        case.prospect(None);
        case.check(
            "created: summary=Fleet targetdate=2026-09-30 tickettype_id=1 oppcompanyname=Acme",
        );
        match is_interrupted {
            true => case.interrupted(),
            false => case.linked(),
        }
        case.check("7 as it is");
        case.prospect(Some(5));
        case.check("updated 7: client_id=5 oppcompanyname=(empty)");
        // What people have written there is theirs.
        case.edit(
            deal::PROSPECT_COMPANY,
            Value::Text("Acme of Ghent".to_owned()),
        );
        case.check("updated 7: client_id=5");
    }
}

#[test]
fn a_ticket_whose_company_comes_late_is_a_prospect_as_if_it_had_been_there() {
    let mut case = case();
    case.linked();
    case.prospect(None);
    case.check("updated 7: oppcompanyname=Acme");
}

#[test]
fn a_ticket_that_an_interrupted_call_has_put_somewhere_is_still_ours() {
    let mut case = case();
    case.of(Some(5), None, None);
    case.interrupted();
    case.check("7 as it is");
    // The user comes, or HubSpot says another company.
    case.of(Some(5), Some(6), Some(2));
    case.check("updated 7: site_id=6 user_id=2");
    case.of(Some(9), None, None);
    case.check("updated 7: client_id=9");
    // Somebody has moved it: that stays.
    case.edit("client_id", Value::Reference(RecordRef::Id(8)));
    case.check("7 as it is");
}

#[test]
fn a_contact_that_is_a_user_of_another_customer_by_now_is_no_prospect_any_more() {
    let mut case = case();
    let whose = |is_user_elsewhere: bool| Whose {
        customer: Some(5),
        is_user_elsewhere,
        prospect: match is_user_elsewhere {
            true => Vec::new(),
            false => vec![(deal::PROSPECT_NAME, "Ada".to_owned())],
        },
        ..Whose::default()
    };
    case.known.whose.insert("1".to_owned(), whose(false));
    case.linked();
    case.known.whose.insert("1".to_owned(), whose(true));
    case.check("updated 7: oppcontactname=(empty)");
    // The contact is not the deal's any more: nothing is said of it.
    let none = Whose {
        customer: Some(5),
        ..Whose::default()
    };
    case.known.whose.insert("1".to_owned(), none);
    case.check("7 as it is");
}
