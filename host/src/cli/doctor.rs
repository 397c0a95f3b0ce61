//! `doctor`: what is there, what is missing, and how to get it.

use super::{Context, Done, Ended};
use crate::config::Config;
use crate::doctor::{self, Check, State};

pub(crate) fn run(context: &Context) -> Done {
    let mut checks = doctor::checks();
    checks.push(configuration(context));
    let missing = checks
        .iter()
        .filter(|check| check.state == State::Missing)
        .count();
    context.out.result(&checks, || {
        let lines: Vec<String> = checks.iter().map(show).collect();
        lines.join("\n")
    });
    if missing > 0 {
        return Err(Ended::Failed(format!("{missing} thing(s) are missing.")));
    }
    Ok(())
}

fn configuration(context: &Context) -> Check {
    let (state, found, remedy) = match Config::load(&context.config) {
        Ok(config) => {
            let names: Vec<&str> = config.connector.keys().map(String::as_str).collect();
            let found = format!("{} with {}", context.config.display(), names.join(", "));
            (State::Ok, found, None)
        }
        Err(error) => (State::Warning, error.to_string(), None),
    };
    Check {
        name: "configuration",
        state,
        found,
        remedy,
    }
}

fn show(check: &Check) -> String {
    let sign = match check.state {
        State::Ok => "ok     ",
        State::Warning => "warning",
        State::Missing => "missing",
    };
    let remedy = check.remedy.as_ref();
    let remedy = remedy.map_or_else(String::new, |remedy| format!("\n         {remedy}"));
    format!("{sign}  {}: {}{remedy}", check.name, check.found)
}
