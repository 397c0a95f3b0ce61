//! `/_sim/webhooks`: subscriptions, how deliveries go and how they stand.

use serde::Deserialize;
use serde_json::{Value, json};

use super::subscriptions::{Wanted, accept};
use crate::hubspot_sim::account::Account;
use crate::hubspot_sim::control::read;
use crate::hubspot_sim::request::Request;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Setup {
    /// None ends all subscriptions.
    target_url: Option<String>,
    #[serde(default)]
    subscriptions: Vec<Wanted>,
}

/// Answers one of these calls; `None` if there is no such one.
pub fn act(
    account: &mut Account,
    method: &str,
    verb: &str,
    request: &Request,
) -> Option<Result<Value, String>> {
    Some(match (method, verb) {
        ("GET", "webhooks") => {
            let stats = account.webhook_stats();
            serde_json::to_value(stats).map_err(|problem| problem.to_string())
        }
        ("POST", "webhooks") => read::<Setup>(request).and_then(|setup| {
            account.set_up_webhooks(setup.target_url.as_deref(), &setup.subscriptions)?;
            Ok(json!({ "subscriptions": account.webhooks.subscriptions.len() }))
        }),
        ("POST", "webhook-options") => change_options(account, request),
        _ => return None,
    })
}

/// What is not named stays as it is.
fn change_options(account: &mut Account, request: &Request) -> Result<Value, String> {
    let given: Value = read(request)?;
    let now = &mut account.webhooks.options;
    let mut all = serde_json::to_value(&*now).map_err(|problem| problem.to_string())?;
    for (name, value) in given.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    *now = serde_json::from_value(all)
        .map_err(|problem| format!("The body of {} is not right: {problem}.", request.path))?;
    serde_json::to_value(&*now).map_err(|problem| problem.to_string())
}

impl Account {
    /// Sets where events go and which ones; the first problem as a sentence.
    pub fn set_up_webhooks(
        &mut self,
        target: Option<&str>,
        wanted: &[Wanted],
    ) -> Result<(), String> {
        if let Some(target) = target
            && !target.starts_with("http://")
        {
            return Err(format!(
                "{target:?} cannot be called: HubSpot wants https, and this simulation http."
            ));
        }
        let subscriptions = accept(wanted)?;
        self.subscribe(target.map(str::to_owned), subscriptions);
        self.wake.notify_one();
        Ok(())
    }
}
