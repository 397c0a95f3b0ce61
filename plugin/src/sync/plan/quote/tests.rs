//! What becomes of one quote and its lines, case by case.

use super::*;
use crate::contract::halo::integration::records::RowOptions;
use crate::contract::halo::integration::types::Field;
use crate::entity::line_item::{self, ITEM, QUOTATION};
use crate::sync::plan::whose::CUSTOMER;
use crate::sync::plan::{AgreedLine, Held};

/// Quote 1 of customer 7, with line 5: two cables.
struct Case {
    title: &'static str,
    lines: Vec<Object>,
    known: Known,
}

fn line(id: &str, quantity: &str) -> Object {
    let properties = [("name", "Cable"), ("quantity", quantity), ("price", "5")];
    line_item::derived(Object::with(id, &properties))
}

fn case() -> Case {
    let whose = Whose {
        is_named: true,
        customer: Some(7),
        ..Whose::default()
    };
    Case {
        title: "Fleet",
        lines: vec![line("5", "2")],
        known: Known {
            whose: BTreeMap::from([("1".to_owned(), whose)]),
            ..Known::default()
        },
    }
}

impl Case {
    /// Quotation 3 with line 4 is there, as it was made.
    fn is_there(&mut self) {
        let Fate::Goes { parts, .. } = self.plan() else {
            panic!("it is made");
        };
        let stored = |part: &Part, id: u64, key: &str| {
            let row = part.row.clone().unwrap();
            let fields = row.fields.into_iter().map(|mut field| {
                if field.name == QUOTATION {
                    field.value = Value::Reference(RecordRef::Id(3));
                }
                field
            });
            Stored {
                id,
                revision: 1,
                fields: fields.collect(),
                keys: vec![key.to_owned()],
            }
        };
        let agreed_line = AgreedLine {
            record: 4,
            values: parts[1].agreed.clone().unwrap(),
            modified: None,
        };
        let agreed = Agreed {
            record: 3,
            values: parts[0].agreed.clone().unwrap(),
            lines: BTreeMap::from([("5".to_owned(), agreed_line)]),
            ..Agreed::default()
        };
        let linked = stored(&parts[0], 3, "1");
        let record = stored(&parts[1], 4, "5");
        self.known.linked.insert("1".to_owned(), linked);
        self.known.records.insert("5".to_owned(), record);
        self.known.agreed.insert("1".to_owned(), agreed);
    }

    fn plan(&self) -> Fate {
        let fields = crate::entity::quote::fields(&[], &BTreeMap::new());
        let rules = Rules {
            fields: &fields,
            line_fields: line_item::fields(),
            prefix: "",
        };
        let properties = [("hs_title", self.title), ("hs_currency", "EUR")];
        let object = Object::with("1", &properties);
        let object = crate::entity::quote::derived(object, &[], 0);
        let mut known = Known {
            lines: BTreeMap::from([("1".to_owned(), Ok(self.lines.clone()))]),
            linked: self.known.linked.clone(),
            whose: self.known.whose.clone(),
            opportunities: self.known.opportunities.clone(),
            records: self.known.records.clone(),
            items: self.known.items.clone(),
            agreed: self.known.agreed.clone(),
            intents: self.known.intents.clone(),
        };
        if let Some(lines) = self.known.lines.get("1") {
            known.lines.insert("1".to_owned(), lines.clone());
        }
        plan(&object, &rules, &known)
    }

    fn whose(&mut self) -> &mut Whose {
        self.known.whose.get_mut("1").unwrap()
    }

    fn check(&self, expected: &[&str]) {
        assert_eq!(told(&self.plan()), expected);
    }
}

fn text(field: &Field) -> String {
    let value = match &field.value {
        Value::None => String::new(),
        Value::Text(text) => text.clone(),
        Value::Reference(RecordRef::Id(id)) => format!("#{id}"),
        Value::Reference(RecordRef::Key(key)) => format!("of {key}"),
        other => format!("{other:?}"),
    };
    format!("{}={value}", field.name)
}

/// How it ends, then each record that is written, and what it waits for.
fn told(fate: &Fate) -> Vec<String> {
    let (parts, note, until) = match fate {
        Fate::Stop {
            outcome, reason, ..
        } => return vec![format!("{outcome} {}", reason.code)],
        Fate::Wait { until, reason } => {
            let names = until.iter().map(Awaited::name);
            return [format!("waits {}", reason.code)]
                .into_iter()
                .chain(names)
                .collect();
        }
        Fate::Goes { parts, note, until } => (parts, note, until),
    };
    let mut told: Vec<String> = parts
        .iter()
        .filter_map(|part| {
            let row = part.row.as_ref()?;
            let what = match part.record {
                _ if row.options == RowOptions::REMOVE => "removed".to_owned(),
                Some(id) => format!("{id}"),
                None => "new".to_owned(),
            };
            let fields: Vec<String> = row.fields.iter().map(text).collect();
            Some(format!("{} {what} {}", part.kind, fields.join(" ")))
        })
        .collect();
    told.extend(note.iter().map(|note| format!("note {}", note.code)));
    told.extend(until.iter().map(|until| format!("until {}", until.name())));
    told
}

#[test]
fn s44_a_quote_and_its_lines_are_made_in_one_go() {
    let mut case = case();
    case.check(&[
        "quotation new title=Fleet currency_code=EUR client_id=#7",
        "quotation-line new name=Cable current_quantity=2 current_price=5 quotation_id=of 1",
    ]);
    case.is_there();
    case.check(&[]);
}

#[test]
fn a_change_in_hubspot_is_written_and_an_edit_in_halo_alone_is_left() {
    let mut case = case();
    case.is_there();
    let there = case.known.records.get_mut("5").unwrap();
    let quantity = |field: &&mut Field| field.name == "current_quantity";
    there.fields.iter_mut().find(quantity).unwrap().value = Value::Text("9".to_owned());
    case.check(&[]);
    case.lines = vec![line("5", "3")];
    case.title = "Fleet 2";
    case.check(&[
        "quotation 3 title=Fleet 2",
        "quotation-line 4 current_quantity=3",
    ]);
}

#[test]
fn s47_a_line_more_is_made_and_a_line_less_is_removed_whether_it_is_remembered_or_not() {
    let mut case = case();
    case.is_there();
    case.lines.push(line("6", "1"));
    case.check(&[
        "quotation-line new name=Cable current_quantity=1 current_price=5 quotation_id=#3",
    ]);
    case.lines.clear();
    case.check(&["quotation-line removed "]);
    // The call that made it ended before it was remembered.
    case.known.agreed.get_mut("1").unwrap().lines.clear();
    case.check(&["quotation-line removed "]);
}

#[test]
fn a_line_that_is_of_another_quotation_by_now_is_not_removed() {
    let mut case = case();
    case.is_there();
    case.lines.clear();
    let there = case.known.records.get_mut("5").unwrap();
    let of = |field: &&mut Field| field.name == QUOTATION;
    there.fields.iter_mut().find(of).unwrap().value = Value::Reference(RecordRef::Id(30));
    case.check(&[]);
    // And back: it is this one's again.
    case.lines = vec![line("5", "2")];
    case.check(&["quotation-line 4 quotation_id=#3"]);
}

#[test]
fn a_line_that_another_quote_of_the_page_takes_over_is_not_removed_before() {
    let (mut from, mut to) = (case(), case());
    from.is_there();
    from.lines.clear();
    to.is_there();
    to.known.linked.get_mut("1").unwrap().id = 30;
    let mut fates = [from.plan(), to.plan()];
    assert_eq!(told(&fates[0]), ["quotation-line removed "]);
    line::hand_over(&mut fates);
    assert!(told(&fates[0]).is_empty(), "{fates:?}");
    assert_eq!(told(&fates[1]), ["quotation-line 4 quotation_id=#30"]);
    // It stops: the line is nobody's, and goes.
    let stopped = refused(Failure::new("remote", "Not now."), None);
    let mut fates = [from.plan(), stopped];
    line::hand_over(&mut fates);
    assert_eq!(told(&fates[0]), ["quotation-line removed "]);
}

#[test]
fn a_removed_line_counts_as_written_also_when_its_answer_is_lost() {
    let mut case = case();
    case.is_there();
    case.lines.clear();
    let fate = case.plan();
    let kinds: Vec<&str> = fate.written_kinds().collect();
    assert_eq!(kinds, [line_item::KIND]);
}

#[test]
fn a8_a_line_that_people_removed_stays_away_when_only_its_product_comes_to_halo() {
    let mut case = case();
    let properties = [
        ("name", "Cable"),
        ("hs_product_id", "50"),
        ("quantity", "2"),
        (line_item::MODIFIED, "2026-11-01T00:00:00Z"),
    ];
    case.lines = vec![line_item::derived(Object::with("5", &properties))];
    case.is_there();
    let agreed = case.known.agreed.get_mut("1").unwrap();
    let known = agreed.lines.get_mut("5").unwrap();
    known.modified = Some(properties[3].1.to_owned());
    case.known.records.clear();
    case.known.items.insert("50".to_owned(), 90);
    case.check(&[]);
    let later = Some("2026-11-02T00:00:00Z".to_owned());
    case.lines[0].derive(line_item::MODIFIED, later);
    case.check(&["quotation-line 4 name=Cable current_quantity=2 item_id=#90 quotation_id=#3"]);
}

#[test]
fn a8_a_line_that_people_removed_in_halo_comes_back_only_when_hubspot_changes_it() {
    let mut case = case();
    case.is_there();
    case.known.records.clear();
    case.check(&[]);
    case.lines = vec![line("5", "3")];
    let made = "quotation-line 4 name=Cable current_quantity=3 current_price=5 quotation_id=#3";
    case.check(&[made]);
}

#[test]
fn a_line_takes_the_item_of_its_product_and_waits_for_one_that_is_not_there() {
    let mut case = case();
    let properties = [
        ("name", "Cable"),
        ("quantity", "2"),
        ("hs_product_id", "50"),
    ];
    case.lines = vec![line_item::derived(Object::with("5", &properties))];
    let quotation = "quotation new title=Fleet currency_code=EUR client_id=#7";
    case.check(&[
        quotation,
        "quotation-line new name=Cable current_quantity=2 quotation_id=of 1",
        "until product 50",
    ]);
    case.is_there();
    case.known.items.insert("50".to_owned(), 90);
    case.check(&["quotation-line 4 item_id=#90"]);
    case.known.linked.clear();
    case.known.records.clear();
    case.known.agreed.clear();
    case.check(&[
        quotation,
        "quotation-line new name=Cable current_quantity=2 item_id=#90 quotation_id=of 1",
    ]);
    case.is_there();
    // Its product is gone: what HubSpot said last stays.
    case.known.items.clear();
    case.check(&["until product 50"]);
    // It is of no product any more.
    case.lines = vec![line_item::derived(Object::with("5", &properties[..2]))];
    case.check(&[&format!("quotation-line 4 {ITEM}=")]);
}

#[test]
fn s49_a12_without_a_customer_it_waits_for_who_may_come_or_is_skipped() {
    let mut case = case();
    case.whose().customer = None;
    case.check(&["waits no-customer"]);
    let company = Awaited::of(&[crate::entity::company::KIND], "8");
    case.whose().until = vec![company];
    case.check(&["waits waiting", "company 8"]);
    case.whose().note = Some(Failure::new("ambiguous-company", "Two."));
    case.check(&["waits ambiguous-company"]);
}

#[test]
fn a13_it_waits_for_its_deal_only_if_that_comes_by_itself() {
    let quotation = "quotation new title=Fleet currency_code=EUR client_id=#7";
    let of_1 = "quotation-line new name=Cable current_quantity=2 current_price=5 quotation_id=of 1";
    let mut case = case();
    let of = |opportunity| BTreeMap::from([("1".to_owned(), opportunity)]);
    case.known.opportunities = of(Opportunity::Coming("9".to_owned()));
    case.check(&["waits waiting", "deal 9"]);
    case.known.opportunities = of(Opportunity::Unchosen("9".to_owned()));
    case.check(&[quotation, of_1, "until deal 9"]);
    case.is_there();
    case.known.opportunities = of(Opportunity::Ticket(60));
    case.check(&["quotation 3 ticket_id=#60"]);
}

#[test]
fn a_quotation_that_people_gave_another_customer_stays_there() {
    let mut case = case();
    case.is_there();
    let there = case.known.linked.get_mut("1").unwrap();
    let customer = |field: &&mut Field| field.name == CUSTOMER;
    there.fields.iter_mut().find(customer).unwrap().value = Value::Reference(RecordRef::Id(70));
    case.whose().customer = Some(8);
    case.check(&[]);
}

#[test]
fn what_hubspot_could_not_answer_stops_the_quote_and_nothing_is_removed() {
    let mut case = case();
    case.is_there();
    let refused = Err(Failure::new("remote", "Not now."));
    case.known.lines.insert("1".to_owned(), refused);
    case.check(&["failed remote"]);
}

#[test]
fn a_value_that_does_not_fit_stops_its_field_and_not_the_line() {
    let mut case = case();
    let properties = [("name", "Cable"), ("quantity", "many"), ("price", "5")];
    case.lines = vec![line_item::derived(Object::with("5", &properties))];
    case.check(&[
        "quotation new title=Fleet currency_code=EUR client_id=#7",
        "quotation-line new name=Cable current_price=5 quotation_id=of 1",
        "note line",
    ]);
}

#[test]
fn a_row_that_waits_for_nothing_that_can_be_named_is_read_at_each_import() {
    let held: Held = serde_json::from_str(r#"{"code":"no-customer"}"#).unwrap();
    assert!(held.until.is_empty());
}
