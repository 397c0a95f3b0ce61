use super::*;
use crate::field::convert::tests::{field_with, property_with};

/// Value and label of the options, of the choices; the rows.
fn table(options: &[(&str, &str)], choices: &[(&str, &str)], rows: &[(&str, &str)]) -> Table {
    Table::between(
        &property_with("enumeration", "select", options),
        &field_with("choice", &[], choices),
        &pairs(rows),
    )
}

fn pairs(rows: &[(&str, &str)]) -> Vec<ValuePair> {
    let pair = |(hubspot, halo): &(&str, &str)| ValuePair {
        hubspot: (*hubspot).to_owned(),
        halo: (*halo).to_owned(),
    };
    rows.iter().map(pair).collect()
}

/// To Halo: option, choice (`-` for none).
fn goes(table: &Table, option: &str, expected: &str) {
    let choice = table.choice(option, "f").ok();
    assert_eq!(choice.as_deref().unwrap_or("-"), expected, "{option}");
}

/// To HubSpot: choice, option (`-` for none).
fn returns(table: &Table, choice: &str, expected: &str) {
    let option = table.option(choice, "p").ok();
    assert_eq!(option.as_deref().unwrap_or("-"), expected, "{choice}");
}

#[test]
fn options_and_choices_meet_by_label_then_by_value() {
    let table = table(
        &[
            ("a", "Alpha"),
            ("b", " BETA  two"),
            ("gamma", "G"),
            ("d", "D"),
        ],
        &[
            ("1", "alpha"),
            ("2", "Beta two"),
            ("3", "Gamma"),
            ("d", "Delta"),
        ],
        &[],
    );
    for (option, choice) in [("a", "1"), ("b", "2"), ("gamma", "3"), ("d", "d")] {
        goes(&table, option, choice);
        returns(&table, choice, option);
    }
    goes(&table, "Alpha", "-");
    returns(&table, "Delta", "-");
}

#[test]
fn an_equal_number_is_no_match() {
    let table = table(&[("1", "One star")], &[("1", "Gold")], &[]);
    goes(&table, "1", "-");
    returns(&table, "1", "-");
}

#[test]
fn of_two_choices_with_one_label_none_is_guessed() {
    let twice = [("1", "Open"), ("2", "open")];
    let exact = table(&[("o", "Open")], &twice, &[]);
    goes(&exact, "o", "1");
    let folded = table(&[("o", "OPEN")], &twice, &[]);
    goes(&folded, "o", "-");
}

#[test]
fn a_row_rules_over_labels_and_names_values_or_labels() {
    let options = [("lead", "Lead"), ("x", "Prospect"), ("y", "Partner")];
    let choices = [("1", "Lead"), ("2", "Partner"), ("3", "Other")];
    let table = table(&options, &choices, &[("prospect", "1"), ("y", "other")]);
    goes(&table, "lead", "1");
    goes(&table, "x", "1");
    goes(&table, "y", "3");
    // Of two options that are one choice, the one of its label comes back.
    returns(&table, "1", "lead");
    returns(&table, "3", "y");
    // The option of that label has a row that says otherwise.
    returns(&table, "2", "-");
}

#[test]
fn the_first_row_counts_each_way() {
    let options = [("a", "A"), ("b", "B")];
    let choices = [("1", "One"), ("2", "Two")];
    let table = table(&options, &choices, &[("a", "1"), ("a", "2"), ("b", "1")]);
    goes(&table, "a", "1");
    goes(&table, "b", "1");
    returns(&table, "1", "a");
    returns(&table, "2", "a");
}

#[test]
fn a_row_may_name_an_option_of_a_list_elsewhere() {
    let table = table(&[], &[("1", "Ann")], &[("70001", "Ann"), ("70002", "Gone")]);
    goes(&table, "70001", "1");
    returns(&table, "1", "70001");
    goes(&table, "70002", "-");
}

#[test]
fn several_options_are_split_at_values_and_have_no_order() {
    let property = property_with(
        "enumeration",
        "checkbox",
        &[("a", "Alpha; or not"), ("b", "Beta")],
    );
    let field = field_with("choices", &[], &[("2", "Alpha; or not"), ("10", "Beta")]);
    let table = Table::between(&property, &field, &[]);
    let choices = |options| table.choices(options, "f").unwrap();
    assert_eq!(choices("a;b"), ["10", "2"]);
    assert_eq!(choices("b;a;b"), ["10", "2"]);
    assert_eq!(choices(";a"), ["2"]);
    assert_eq!(choices(";"), [""; 0]);
    let back = |choices: &[&str]| {
        let choices: Vec<String> = choices.iter().map(|c| (*c).to_owned()).collect();
        table.options(&choices, "p").unwrap()
    };
    assert_eq!(back(&["10", "2", "10"]), "a;b");
    assert_eq!(back(&[]), "");
    let wrong = table.choices("a;c", "f").unwrap_err();
    assert!(wrong.what.contains("\"c\""), "{wrong:?}");
}

#[test]
fn an_option_that_hubspot_would_split_is_refused() {
    let property = property_with("enumeration", "checkbox", &[]);
    let field = field_with("choices", &[], &[("1", "One")]);
    let table = Table::between(&property, &field, &pairs(&[("a;b", "1")]));
    assert!(table.options(&["1".to_owned()], "p").is_err());
}

#[test]
fn a_stranger_is_named_by_its_label() {
    let table = table(&[("1001", "Partner")], &[("7", "Friend")], &[]);
    let wrong = table.choice("1001", "CFStage").unwrap_err();
    assert!(wrong.what.contains("\"Partner\" (1001)"), "{wrong:?}");
    assert!(wrong.what.contains("CFStage"), "{wrong:?}");
    let wrong = table.option("7", "stage").unwrap_err();
    assert!(wrong.what.contains("\"Friend\" (7)"), "{wrong:?}");
}

#[test]
fn an_option_without_a_choice_has_the_default_or_leaves_the_field() {
    let property = property_with("enumeration", "checkbox", &[("a", "A"), ("b", "B")]);
    let field = field_with("choices", &[], &[("1", "A"), ("9", "Other")]);
    let table = || Table::between(&property, &field, &[]);
    let default = table().otherwise(&field, Unmapped::Refuse, Some("other"));
    goes(&default, "a", "1");
    goes(&default, "gone", "9");
    assert_eq!(default.choices("gone;b;a", "f").unwrap(), ["1", "9"]);
    // On the way back it is no option: it was nobody's.
    returns(&default, "9", "-");
    let keep = table().otherwise(&field, Unmapped::Keep, None);
    assert!(keep.leaves("b") && !keep.leaves("a"));
    assert!(keep.leaves_any("a;gone") && !keep.leaves_any(";a"));
    assert!(!default.leaves_any("a;gone") && !table().leaves("b"));
    // An option may hold what parts several.
    assert!(keep.leaves("a;b"));
    // One that only HubSpot offers is told from one that it does not offer any more.
    let told = |option| table().choice(option, "f").unwrap_err();
    assert!(told("b").mend.starts_with("add the choice in Halo"));
    assert!(told("gone").what.contains("any more"));
}

#[test]
fn wrong_rows_are_found_before_an_import() {
    let property = property_with("enumeration", "select", &[("a", "Alpha")]);
    let field = field_with("choice", &[], &[("1", "One")]);
    let rows = pairs(&[("alpha", "one"), ("b", "1"), ("a", "2"), ("b", "1")]);
    let found = row_problems(&property, &field, &rows);
    let indexes: Vec<usize> = found.iter().map(|(index, _)| *index).collect();
    assert_eq!(indexes, [1, 2, 3, 3], "{found:?}");
    assert!(found[0].1.contains("it has Alpha"), "{found:?}");
    // HubSpot keeps the options of some properties elsewhere.
    let elsewhere = property_with("enumeration", "select", &[]);
    assert_eq!(row_problems(&elsewhere, &field, &pairs(&[("7", "1")])), []);
}
