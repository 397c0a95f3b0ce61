//! What becomes of one product, case by case.

use super::*;
use crate::field::direction::Direction;
use crate::settings::FieldRow;

/// Product 1, a pump with the SKU P-1; the SKU and the price are mapped.
struct Case {
    properties: Vec<(&'static str, &'static str)>,
    rows: Vec<FieldRow>,
    known: Known,
    taken: Taken,
}

fn row(property: &str, field: &str, direction: Direction) -> FieldRow {
    FieldRow {
        property: property.to_owned(),
        field: field.to_owned(),
        direction,
        ..FieldRow::default()
    }
}

fn case() -> Case {
    Case {
        properties: vec![("name", "Pump"), ("hs_sku", "P-1"), ("price", "20")],
        rows: vec![
            row("hs_sku", REFERENCE, Direction::HubspotToHalo),
            row("price", "baseprice", Direction::HubspotToHalo),
        ],
        known: Known::default(),
        taken: Taken::default(),
    }
}

impl Case {
    fn plan(&mut self, id: &str) -> Fate {
        let fields = product::fields(&self.rows, &BTreeMap::new());
        let rules = Rules {
            settings: &Products {
                item_group: Some(5),
                ..Products::default()
            },
            fields: &fields,
            prefix: "",
        };
        let object = Object::with(id, &self.properties);
        plan(&object, &rules, &self.known, &mut self.taken)
    }

    fn check(&mut self, expected: &str) {
        let fate = self.plan("1");
        assert_eq!(told(&fate), expected);
        self.taken = Taken::default();
    }

    /// An item of Halo, linked to these products.
    fn item(&mut self, id: u64, name: &str, reference: &str, keys: &[&str]) {
        let text = |text: &str| crate::field::text(Some(text));
        let record = Stored {
            id,
            revision: 1,
            fields: vec![field(NAME, text(name)), field(REFERENCE, text(reference))],
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        };
        for key in keys {
            self.known.linked.insert((*key).to_owned(), record.clone());
        }
        let same = self.known.by_name.entry(fold(name)).or_default();
        same.push(record.clone());
        let same = self.known.by_sku.entry(reference.to_owned()).or_default();
        same.push(record);
    }

    fn agreed(&mut self, record: u64, values: &[(&str, &str)]) {
        let values = values
            .iter()
            .map(|(field, value)| ((*field).to_owned(), Some((*value).to_owned())))
            .collect();
        let agreed = Agreed {
            record,
            values,
            ..Agreed::default()
        };
        self.known.agreed.insert("1".to_owned(), agreed);
    }
}

/// `created name=… …`, `updated 3 name=…`, `linked 3`, `3 as it is`, or outcome and code.
fn told(fate: &Fate) -> String {
    let part = match fate {
        Fate::Stop {
            outcome, reason, ..
        } => return format!("{outcome} {}", reason.code),
        Fate::Wait { .. } => return "waiting".to_owned(),
        Fate::Goes { parts, .. } => &parts[0],
    };
    let Some(row) = &part.row else {
        return format!("{} as it is", part.record.unwrap());
    };
    let mut told = match part.record {
        None => "created".to_owned(),
        Some(id) if row.fields.is_empty() => return format!("linked {id}"),
        Some(id) => format!("updated {id}"),
    };
    for field in &row.fields {
        let value = match &field.value {
            Value::Text(text) => text.clone(),
            Value::Reference(RecordRef::Id(id)) => format!("#{id}"),
            _ => "-".to_owned(),
        };
        told.push_str(&format!(" {}={value}", field.name));
    }
    told
}

#[test]
fn s33_a_new_item_gets_its_fields_and_the_group() {
    case().check("created internalreference=P-1 baseprice=20 name=Pump assetgroup_id=#5");
}

#[test]
fn s34_an_item_that_is_there_keeps_its_group() {
    let mut case = case();
    case.item(3, "Pump", "P-1", &[]);
    case.check("updated 3 baseprice=20");
    case.item(4, "Other", "X", &["1"]);
    case.check("updated 4 internalreference=P-1 baseprice=20");
}

#[test]
fn the_sku_goes_before_the_name_and_the_name_is_left_alone() {
    let mut case = case();
    case.item(3, "Water pump", "P-1", &[]);
    case.item(4, "pump ", "", &[]);
    case.check("updated 3 baseprice=20");
    case.known.by_sku.clear();
    case.check("updated 4 internalreference=P-1 baseprice=20");
}

#[test]
fn two_items_of_that_sku_or_name_stop_the_row_and_are_named() {
    let mut same_sku = case();
    same_sku.item(3, "A", "P-1", &[]);
    same_sku.item(4, "B", "P-1", &[]);
    let Fate::Stop { reason, .. } = same_sku.plan("1") else {
        panic!()
    };
    assert_eq!(
        reason.message,
        "Items 3 and 4 have its SKU. Give one of them another internal reference in Halo, or remove it."
    );
    let mut same_name = case();
    same_name.item(3, "Pump", "", &[]);
    same_name.item(4, "PUMP", "", &[]);
    same_name.check("conflict ambiguous");
}

#[test]
fn an_item_of_another_product_stops_the_row_unless_that_is_gone() {
    for (name, reference) in [("Pump", ""), ("Other", "P-1")] {
        let mut case = case();
        case.item(3, name, reference, &["2"]);
        case.check("conflict already-linked");
        case.known.gone.insert("2".to_owned());
        let fate = told(&case.plan("1"));
        assert!(fate.starts_with("updated 3"), "{fate}");
    }
}

#[test]
fn an_item_of_another_product_with_another_sku_is_another_article_of_that_name() {
    let mut case = case();
    case.item(3, "Pump", "P-2", &["2"]);
    let fate = told(&case.plan("1"));
    assert!(fate.starts_with("created"), "{fate}");
    // One that nobody has spoken for may be it all the same.
    let mut alone = self::case();
    alone.item(3, "Pump", "P-2", &[]);
    alone.check("updated 3 internalreference=P-1 baseprice=20");
}

#[test]
fn two_products_of_one_page_do_not_become_one_item_and_no_doubles() {
    let mut same = case();
    assert!(told(&same.plan("1")).starts_with("created"));
    assert_eq!(told(&same.plan("2")), "conflict already-linked");
    same.properties[1] = ("hs_sku", "P-2");
    assert!(told(&same.plan("3")).starts_with("created"));
    same.properties[0] = ("name", "Valve");
    assert_eq!(told(&same.plan("4")), "conflict already-linked");
    let mut known = case();
    known.item(3, "Pump", "", &[]);
    assert!(told(&known.plan("1")).starts_with("updated 3"));
    assert_eq!(told(&known.plan("2")), "conflict already-linked");
}

#[test]
fn a_name_that_another_product_of_the_page_brings_to_its_item_is_taken_whichever_is_first() {
    let mut case = case();
    case.rows = vec![row("name", NAME, Direction::HubspotToHalo)];
    // By its SKU product 1 is this item, which gets its name; product 2 has none.
    case.item(3, "Old pump", "P-1", &[]);
    let fields = product::fields(&case.rows, &BTreeMap::new());
    let rules = Rules {
        settings: &Products::default(),
        fields: &fields,
        prefix: "",
    };
    let first = Object::with("1", &[("name", "Pump"), ("hs_sku", "P-1")]);
    let second = Object::with("2", &[("name", "pump")]);
    let told = |objects: &[Object], known: &Known| -> Vec<String> {
        let fates = plan_page(objects, &rules, known);
        fates.iter().map(told).collect()
    };
    let [one, two] = ["updated 3 name=Pump", "conflict already-linked"];
    let both = [first.clone(), second.clone()];
    assert_eq!(told(&both, &case.known), [one, two]);
    let turned = [second, first];
    assert_eq!(told(&turned, &case.known), [two, one]);
    // As after a call that ended in between.
    case.known = Known::default();
    case.item(3, "Pump", "P-1", &["1"]);
    assert_eq!(told(&turned, &case.known), [two, "3 as it is"]);
    // Nor does it become another item of that name, of which there would be two.
    case.known = Known::default();
    case.item(3, "Old pump", "P-1", &[]);
    case.item(4, "Pump", "", &[]);
    assert_eq!(told(&turned, &case.known), [two, one]);
}

#[test]
fn a_product_that_came_back_finds_its_item_taken() {
    let mut case = case();
    case.item(3, "Pump", "P-1", &["1", "2"]);
    case.check("updated 3 baseprice=20");
    case.known.gone.insert("1".to_owned());
    case.check("conflict already-linked");
}

#[test]
fn a_product_without_a_name_is_one_failed_row() {
    let mut case = case();
    case.properties[0] = ("name", "  ");
    case.check("failed invalid");
}

#[test]
fn s37_only_a_change_in_hubspot_is_written() {
    let mut case = case();
    case.item(3, "Pump of Halo", "P-1", &["1"]);
    let last = [(NAME, "Pump"), (REFERENCE, "P-1"), ("baseprice", "20")];
    case.agreed(3, &last);
    case.check("3 as it is");
    case.properties[2] = ("price", "21");
    case.check("updated 3 baseprice=21");
}

#[test]
fn s39_a9_what_only_goes_to_hubspot_never_comes_and_a_new_item_has_a_name_all_the_same() {
    let mut case = case();
    for row in &mut case.rows {
        row.direction = Direction::HaloToHubspot;
    }
    case.rows.push(row("name", NAME, Direction::HaloToHubspot));
    case.check("created name=Pump assetgroup_id=#5");
    case.item(3, "Other", "X", &["1"]);
    case.check("3 as it is");
    case.rows[1].direction = Direction::Bidirectional;
    case.check("updated 3 baseprice=20");
}

#[test]
fn a3_an_inactive_item_is_linked_and_that_is_said() {
    let mut case = case();
    case.item(3, "Pump", "P-1", &[]);
    let inactive = field(INACTIVE, Value::Text("true".to_owned()));
    case.known.by_sku.get_mut("P-1").unwrap()[0]
        .fields
        .push(inactive);
    let Fate::Goes { note, .. } = case.plan("1") else {
        panic!()
    };
    assert_eq!(note.unwrap().code, "inactive");
}
