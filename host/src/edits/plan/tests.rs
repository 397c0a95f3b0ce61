use super::*;
use crate::schema;

fn change(kind: &str, given: &[(&str, &str)]) -> Change {
    Change {
        kind: kind.to_owned(),
        given: given
            .iter()
            .map(|(name, text)| ((*name).to_owned(), Given::from(*text)))
            .collect(),
        ..Change::default()
    }
}

fn refused(change: &Change) -> Vec<String> {
    let kinds = schema::kinds(&[]);
    let failures = fields(&kinds[&change.kind], change, None, None).unwrap_err();
    failures
        .into_iter()
        .map(|failure| failure.message)
        .collect()
}

#[test]
fn an_unknown_field_is_told_with_the_one_that_was_probably_meant() {
    for (kind, name, meant) in [
        ("customer", "phone", "Did you mean main_phonenumber?"),
        ("customer", "websit", "Did you mean website?"),
        ("customer", "webiste", "Did you mean website?"),
        ("user", "email", "Did you mean email2?"),
        ("item", "price", "Did you mean baseprice?"),
        (
            "customer",
            "zzz",
            "It has domain, inactive, main_phonenumber, name,",
        ),
    ] {
        let mut asked = change(kind, &[(name, "x")]);
        asked.id = Some(1);
        let told = refused(&asked);
        assert!(told[0].contains(meant), "{told:?}");
        assert_eq!(told.len(), 1, "{told:?}");
    }
}

#[test]
fn every_problem_of_a_new_record_is_told_at_once() {
    let told = refused(&change("user", &[("inactive", "yes"), ("name", "")]));
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("true or false"), "{told:?}");
    assert!(told[1].contains("must not be empty"), "{told:?}");
    assert!(
        told[2].contains("A new user needs site_id, the id of a site."),
        "{told:?}"
    );
    let twice = refused(&change("status", &[("name", "New"), ("NAME", "Old")]));
    assert!(twice[0].contains("given twice"), "{twice:?}");
}

#[test]
fn halos_own_checkbox_that_is_off_is_no_change_of_one_that_is_empty() {
    let kinds = schema::kinds(&[]);
    let kind = &kinds["customer"];
    let mut asked = change("customer", &[("inactive", "false")]);
    asked.id = Some(1);
    let nothing = fields(kind, &asked, Some(&Fields::new()), None).unwrap();
    assert!(nothing.is_empty());
    let on = Fields::from([("inactive".to_owned(), Value::Text("true".to_owned()))]);
    assert_eq!(fields(kind, &asked, Some(&on), None).unwrap().len(), 1);
}

#[test]
fn a_new_customer_gets_a_top_level_and_a_first_site() {
    let known = Known {
        top_level: Some(3),
        ..Known::default()
    };
    let done = complete(change("customer", &[("name", "Acme")]), &known);
    assert_eq!(done.given[1], ("toplevel_id".to_owned(), "3".into()));
    assert_eq!(done.inside[0].1.given, [("name".to_owned(), "Main".into())]);
    let given = [
        ("name", "Acme"),
        ("toplevel_id", "2"),
        ("newclient_sitename", "Harbour"),
        ("newclient_phonenumber", "1"),
    ];
    let done = complete(change("customer", &given), &known);
    let names: Vec<&str> = done.given.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["name", "toplevel_id"]);
    assert_eq!(done.given[1].1, "2".into());
    let site = [("name", "Harbour"), ("phonenumber", "1")];
    assert_eq!(done.inside[0].1, change("site", &site));
}

#[test]
fn a_new_user_is_called_by_first_name_and_surname_unless_somebody_says_otherwise() {
    let name = |given: &[(&str, &str)]| {
        let done = complete(change("user", given), &Known::default());
        let mut names = done.given.into_iter().filter(|(name, _)| name == "name");
        names.next().map(|(_, given)| given)
    };
    let both = [("firstname", "Ada"), ("surname", "Byron")];
    assert_eq!(name(&both), Some("Ada Byron".into()));
    assert_eq!(name(&both[1..]), Some("Byron".into()));
    assert_eq!(name(&[("name", "A. B."), both[0]]), Some("A. B.".into()));
    assert_eq!(name(&[("Name", ""), both[0]]), Some("Ada".into()));
    assert_eq!(name(&[]), None);
}

#[test]
fn only_kinds_that_can_be_inactive_are_switched() {
    let kinds = schema::kinds(&[]);
    assert_eq!(switch_of(&kinds, "item"), Ok("inactive"));
    let told = switch_of(&kinds, "ticket").unwrap_err().message;
    assert!(
        told.contains("these can: agent, customer, item, site, user."),
        "{told}"
    );
    assert_eq!(switch_of(&kinds, "tickets").unwrap_err().code, "not-found");
}
