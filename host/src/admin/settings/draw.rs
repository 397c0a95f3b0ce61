//! Settings as fields of a form: a plain function of their shapes, their values, what
//! there is to choose from and the problems. `entered` reads what comes back.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::entered::{REMOVE, escaped};
use super::is_below;
use super::offers::{Offers, Remote};
use super::schema::{Setting, Shape};

/// A problem at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// JSON Pointer into the document that is drawn.
    pub(super) path: String,
    /// Nothing is saved while there is one.
    pub(super) is_error: bool,
    /// For people.
    pub(super) message: String,
}

/// What all fields of a form need.
pub(super) struct Drawing<'a> {
    /// What there is to choose from.
    pub(super) offers: &'a Offers,
    /// What is wrong, or to be noted.
    pub(super) problems: &'a [Shown],
    /// The connector, for addresses.
    pub(super) connector: &'a str,
}

/// In place of a row's number in what the script copies for a new row.
const NEW_ROW: &str = "NEW";

impl Drawing<'_> {
    /// A setting with its label, help and problems.
    pub(super) fn setting(&self, setting: &Setting, at: &str, value: Option<&Value>) -> Markup {
        match &setting.shape {
            Shape::Group(members) => html! {
                fieldset id=(at) {
                    legend { (setting.title) }
                    @if !setting.help.is_empty() { p.faint { (setting.help) } }
                    (self.problems(at))
                    @for member in members {
                        (self.setting(member, &below(at, &member.name), value.and_then(|value| value.get(&member.name))))
                    }
                }
            },
            Shape::Switch if setting.default.is_some() => html! {
                div.field {
                    (self.switch(setting, at, value, &html! {
                        span { (setting.title) (help(setting)) }
                    }))
                    (self.problems(at))
                }
            },
            Shape::Several(each) => self.several(setting, each, at, value),
            Shape::Table(columns) => html! {
                section.card {
                    h2 { (setting.title) }
                    @if !setting.help.is_empty() { p.faint { (setting.help) } }
                    (self.problems(at))
                    (self.table(&setting.title, columns, at, value))
                }
            },
            Shape::Pairs(_) => {
                let rows = value.and_then(Value::as_array).map_or(0, Vec::len);
                html! {
                    section.card {
                        h2 { (setting.title) }
                        @if !setting.help.is_empty() { p.faint { (setting.help) } }
                        (self.problems(at))
                        p {
                            (match rows { 0 => "No rows yet.".to_owned(), 1 => "1 row.".to_owned(), rows => format!("{rows} rows.") }) " "
                            a.button href=(format!("/admin/{}/table?at={at}", self.connector)) { "Open the " (setting.title.to_lowercase()) }
                        }
                    }
                }
            }
            _ => html! {
                div.field {
                    label for=(at) { (setting.title) (help(setting)) }
                    (self.input(setting, at, value, None))
                    (self.problems(at))
                }
            },
        }
    }

    fn switch(&self, setting: &Setting, at: &str, value: Option<&Value>, label: &Markup) -> Markup {
        let is_on = value.or(setting.default.as_ref()) == Some(&json!(true));
        html! {
            input type="hidden" name=(at) value="";
            label.check {
                input type="checkbox" id=(at) name=(at) value="true" checked[is_on] aria-invalid=[self.invalid(at)];
                (label)
            }
        }
    }

    /// The field itself. Within a table there is no label beside it, so it has one of its
    /// own.
    fn input(
        &self,
        setting: &Setting,
        at: &str,
        value: Option<&Value>,
        label: Option<&str>,
    ) -> Markup {
        let text = text_of(value.or(setting.default.as_ref()));
        let said = self.describedby(at);
        match &setting.shape {
            Shape::Switch => {
                let options = [("", "not set"), ("true", "yes"), ("false", "no")];
                self.select(at, label, &options, &text)
            }
            Shape::OneOf(known) => {
                let known: Vec<(&str, &str)> = known
                    .iter()
                    .map(|(value, label)| (value.as_str(), label.as_str()))
                    .collect();
                self.select(at, label, &known, &text)
            }
            Shape::Record(kind) => self.record(at, label, kind, &text),
            Shape::Remote(name) => self.remote(at, label, name, &text),
            Shape::Field(kind) => self.field(at, label, kind, &text),
            Shape::RemoteField(entity) => html! {
                input id=(at) name=(at) value=(text) aria-label=[label] list=(list_of(entity)) autocomplete="off"
                    placeholder="Search" data-property aria-invalid=[self.invalid(at)] aria-describedby=[said];
                @if let Some(field) = self.offers.remote_field(entity, &text) {
                    small { (field.label) " · " (field.type_name) }
                }
            },
            Shape::Json => html! {
                textarea id=(at) name=(at) aria-label=[label] aria-invalid=[self.invalid(at)] aria-describedby=[said] { (value.map(pretty).unwrap_or_default()) }
            },
            Shape::Number => html! {
                input id=(at) name=(at) value=(text) inputmode="numeric" aria-label=[label]
                    aria-invalid=[self.invalid(at)] aria-describedby=[said];
            },
            _ => html! {
                input id=(at) name=(at) value=(text) aria-label=[label] aria-invalid=[self.invalid(at)] aria-describedby=[said];
            },
        }
    }

    fn select(
        &self,
        at: &str,
        label: Option<&str>,
        options: &[(&str, &str)],
        chosen: &str,
    ) -> Markup {
        let is_known = options.iter().any(|(value, _)| *value == chosen);
        html! {
            select id=(at) name=(at) aria-label=[label] aria-invalid=[self.invalid(at)] aria-describedby=[self.describedby(at)] {
                @if !is_known { option value=(chosen) selected { (chosen) } }
                @for (value, label) in options {
                    option value=(value) selected[*value == chosen] { (label) }
                }
            }
        }
    }

    /// One of Halo's records: a list where there are few, else one looks for it.
    fn record(&self, at: &str, label: Option<&str>, kind: &str, id: &str) -> Markup {
        let records = self.offers.records(kind);
        if let Some(all) = records.all() {
            let mut options = vec![("", "–")];
            options.extend(all.iter().map(|(id, name)| (id.as_str(), name.as_str())));
            return self.select(at, label, &options, id);
        }
        let suggest = format!("/admin/{}/suggest/records/{kind}", self.connector);
        self.looked_for(at, label, &suggest, id, records.name(id))
    }

    fn remote(&self, at: &str, label: Option<&str>, name: &str, value: &str) -> Markup {
        match self.offers.choices(name) {
            Remote::All(all) => {
                let mut options = vec![("", "–")];
                options.extend(
                    all.iter()
                        .map(|choice| (choice.value.as_str(), choice.label.as_str())),
                );
                self.select(at, label, &options, value)
            }
            Remote::Many | Remote::Unknown(_) => {
                let suggest = format!("/admin/{}/suggest/choices/{name}", self.connector);
                self.looked_for(at, label, &suggest, value, None)
            }
        }
    }

    /// A field that offers what is found for what was typed.
    fn looked_for(
        &self,
        at: &str,
        label: Option<&str>,
        suggest: &str,
        value: &str,
        name: Option<&str>,
    ) -> Markup {
        html! {
            input id=(at) name=(at) value=(value) aria-label=[label] autocomplete="off" placeholder="Search" data-suggest=(suggest)
                list=(format!("{at}?")) aria-invalid=[self.invalid(at)] aria-describedby=[self.describedby(at)];
            datalist id=(format!("{at}?")) {}
            @if let Some(name) = name { small { (name) } }
        }
    }

    /// A field of Halo: those that suit the property of this row; the script narrows the
    /// list when another property is chosen.
    fn field(&self, at: &str, label: Option<&str>, kind: &str, chosen: &str) -> Markup {
        let fields = self.offers.fields(kind);
        html! {
            select id=(at) name=(at) aria-label=[label] data-field aria-invalid=[self.invalid(at)] aria-describedby=[self.describedby(at)] {
                option value="" { "–" }
                @if !chosen.is_empty() && !fields.iter().any(|field| field.name == chosen) {
                    option value=(chosen) selected { (chosen) " (not there any more)" }
                }
                @for field in fields {
                    option value=(field.name) selected[field.name == chosen] data-type=(field.kind_of_value) {
                        (field.label) " · " (field.shown_type)
                    }
                }
            }
        }
    }

    /// Boxes for all there is, by label, with a field that narrows them.
    fn several(&self, setting: &Setting, each: &Shape, at: &str, value: Option<&Value>) -> Markup {
        let chosen = value.or(setting.default.as_ref()).and_then(Value::as_array);
        let chosen: Vec<String> = { chosen.into_iter().flatten() }
            .map(|value| text_of(Some(value)))
            .collect();
        let known: Result<Vec<(&str, &str)>, &str> = match each {
            Shape::OneOf(known) => Ok(known
                .iter()
                .map(|(value, label)| (value.as_str(), label.as_str()))
                .collect()),
            Shape::Remote(name) => match self.offers.choices(name) {
                Remote::All(all) => Ok(all
                    .iter()
                    .map(|choice| (choice.value.as_str(), choice.label.as_str()))
                    .collect()),
                Remote::Many => Err("There are too many to list here; type their values."),
                Remote::Unknown(why) => Err(why),
            },
            _ => Err(""),
        };
        let gone = |known: &[(&str, &str)]| -> Vec<String> {
            let is_gone = |value: &&String| !known.iter().any(|(known, _)| known == value);
            chosen.iter().filter(is_gone).cloned().collect()
        };
        html! {
            fieldset.field id=(at) aria-describedby=[self.describedby(at)] {
                legend { (setting.title) }
                @if !setting.help.is_empty() { p.faint { (setting.help) } }
                (self.problems(at))
                input type="hidden" name=(at) value="";
                @match known {
                    Ok(known) => {
                        @if known.len() > 8 {
                            input type="search" data-narrow=(at) placeholder="Search" aria-label=(format!("Search {}", setting.title));
                        }
                        @for value in gone(&known) {
                            label.check { input type="checkbox" name=(at) value=(value) checked; span { (value) " (not there any more)" } }
                        }
                        @for (value, label) in known {
                            label.check { input type="checkbox" name=(at) value=(value) checked[chosen.iter().any(|chosen| chosen == value)]; span { (label) } }
                        }
                    }
                    Err(why) => {
                        @if !why.is_empty() { p.caution { (why) } }
                        @for (n, value) in chosen.iter().map(String::as_str).chain([""]).enumerate() {
                            input name=(at) value=(value) aria-label=(format!("{}, {}", setting.title, n + 1));
                        }
                    }
                }
            }
        }
    }

    /// Rows with a line for each, an empty one at the end, and what makes more of them.
    fn table(&self, label: &str, columns: &[Setting], at: &str, value: Option<&Value>) -> Markup {
        let rows = value
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let (more, shown): (Vec<&Setting>, Vec<&Setting>) =
            columns.iter().partition(|column| column.is_more);
        let columns = (shown.as_slice(), more.as_slice());
        let empty = json!({});
        html! {
            input type="hidden" name=(at) value="";
            div.scroll tabindex="0" role="region" aria-label=(label) {
                table {
                    caption.hidden { (label) }
                    thead {
                        tr {
                            @for column in &shown { th scope="col" { (column.title) } }
                            @if !more.is_empty() { th scope="col" { "More" } }
                            th scope="col" { "Remove" }
                        }
                    }
                    tbody data-rows=(at) {
                        @for (number, row) in rows.iter().enumerate() {
                            (self.row(columns, at, &number.to_string(), row, false))
                        }
                        (self.row(columns, at, &rows.len().to_string(), &empty, true))
                    }
                }
            }
            template data-template=(at) { (self.row(columns, at, NEW_ROW, &empty, true)) }
            button.add type="button" data-add=(at) hidden { "Add a row" }
        }
    }

    fn row(
        &self,
        (shown, more): (&[&Setting], &[&Setting]),
        at: &str,
        number: &str,
        row: &Value,
        is_new: bool,
    ) -> Markup {
        let here = format!("{at}/{number}");
        let has_problem = self.below(&here).next().is_some();
        let nth = number.parse::<usize>().map_or_else(
            |_| "new row".to_owned(),
            |number| format!("row {}", number + 1),
        );
        let cell = |column: &Setting| {
            let pointer = below(&here, &column.name);
            let value = row.get(&column.name);
            let label = format!("{}, {nth}", column.title);
            let field = match &column.shape {
                Shape::Switch if column.default.is_some() => {
                    self.switch(column, &pointer, value, &html! { span.hidden { (label) } })
                }
                Shape::Table(inner) => {
                    return html! { h3 { (column.title) } (self.table(&label, inner, &pointer, value)) };
                }
                _ => self.input(column, &pointer, value, Some(&label)),
            };
            html! { (field) (self.problems(&pointer)) }
        };
        let opens = more
            .iter()
            .any(|column| self.below(&below(&here, &column.name)).next().is_some());
        html! {
            tr id=(here) class=[has_problem.then_some("problem")] {
                @for (n, column) in shown.iter().enumerate() {
                    td { (cell(column)) @if n == 0 { (self.problems(&here)) } }
                }
                @if !more.is_empty() {
                    td {
                        details open[opens] {
                            summary { "More" span.hidden { ", " (nth) } @if is_set(row, more) { " ·" span.hidden { " has values" } } }
                            @for column in more {
                                div.field {
                                    @if !matches!(column.shape, Shape::Table(_)) {
                                        label for=(below(&here, &column.name)) { (column.title) (help(column)) }
                                    }
                                    (cell(column))
                                }
                            }
                        }
                    }
                }
                td {
                    @if is_new { span.faint { "new" } }
                    @else { label.check { input type="checkbox" name=(format!("{here}/{REMOVE}")); span.hidden { "Remove " (nth) } } }
                }
            }
        }
    }

    /// The lists that fields of these entities offer.
    pub(super) fn lists(&self) -> Markup {
        html! {
            @for (entity, fields) in self.offers.all_remote_fields() {
                datalist id=(list_of(entity)) {
                    @for field in fields {
                        option value=(field.name) data-type=(field.type_name)
                            data-fits=[field.attributes.get("fits")] data-directions=[field.attributes.get("directions")] {
                            (field.label) " · " (field.type_name)
                            @if field.attributes.contains_key("read-only") { " · read-only" }
                        }
                    }
                }
            }
        }
    }

    fn at(&self, at: &str) -> impl Iterator<Item = &Shown> {
        self.problems.iter().filter(move |shown| shown.path == at)
    }

    fn below<'b>(&'b self, at: &'b str) -> impl Iterator<Item = &'b Shown> {
        let all = self.problems.iter();
        all.filter(move |shown| is_below(&shown.path, at))
    }

    fn problems(&self, at: &str) -> Markup {
        html! {
            @for (n, shown) in self.at(at).enumerate() {
                span class=(if shown.is_error { "error" } else { "caution" }) id=[(n == 0).then(|| format!("{at}!"))] { (shown.message) }
            }
        }
    }

    fn invalid(&self, at: &str) -> Option<&'static str> {
        self.at(at).any(|shown| shown.is_error).then_some("true")
    }

    fn describedby(&self, at: &str) -> Option<String> {
        self.at(at).next().map(|_| format!("{at}!"))
    }
}

fn help(setting: &Setting) -> Markup {
    html! { @if !setting.help.is_empty() { small { (setting.help) } } }
}

fn below(at: &str, name: &str) -> String {
    format!("{at}/{}", escaped(name))
}

fn list_of(entity: &str) -> String {
    format!("properties-of-{entity}")
}

fn is_set(row: &Value, columns: &[&Setting]) -> bool {
    columns.iter().any(|column| row.get(&column.name).is_some())
}

/// A value as it is typed.
fn text_of(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}
