//! Deals: the stage belongs to the pipeline and says whether the deal is closed.

use super::account::Account;
use super::decimal::Decimal;
use super::definitions::CURRENCIES;
use super::kinds::{COMPANIES, DEALS};
use super::pipelines::Stage;
use super::record::{Column, Record};
use super::store::Store;
use super::validate::Problem;

/// The pipeline of a deal that names none.
const DEFAULT_PIPELINE: &str = "default";

/// What one unit of a currency is worth in the account's own.
fn rate(currency: &str) -> Option<&'static str> {
    match currency {
        "USD" => Some("1.0"),
        "EUR" => Some("1.1"),
        "GBP" => Some("1.25"),
        _ => None,
    }
}

/// What a stage says of a deal, as (property, value).
pub fn of_stage(stage: &Stage) -> [(&'static str, String); 4] {
    let won = stage.closed && stage.probability.parse::<f64>().is_ok_and(|p| p > 0.0);
    [
        ("hs_is_closed", stage.closed.to_string()),
        ("hs_is_closed_won", won.to_string()),
        ("hs_is_closed_lost", (stage.closed && !won).to_string()),
        ("hs_deal_stage_probability", stage.probability.clone()),
    ]
}

/// The amount in the account's currency, as (property, value).
pub fn in_home_currency(amount: &str, currency: &str) -> [(&'static str, String); 2] {
    let rate = rate(currency).unwrap_or("1.0");
    let home = Decimal::parse(amount)
        .zip(Decimal::parse(rate))
        .map(|(amount, rate)| amount.times(rate).money());
    [
        ("amount_in_home_currency", home.unwrap_or_default()),
        ("hs_exchange_rate", rate.to_owned()),
    ]
}

/// Checks pipeline and stage of a write, and adds the values that follow from it.
pub fn settle(
    store: &Store,
    record: Option<&Record>,
    values: &mut Vec<(Column, String)>,
) -> Result<(), Problem> {
    let written = |name: &str, values: &[(Column, String)]| {
        let column = store.schema.column(name)?;
        let set = values.iter().find(|(set, _)| *set == column)?;
        Some(set.1.clone())
    };
    let stored = |name: &str| {
        let column = store.schema.column(name)?;
        record?.get(column).map(str::to_owned)
    };
    let add = |name: &str, value: String, values: &mut Vec<(Column, String)>| {
        values.extend(store.schema.column(name).map(|column| (column, value)));
    };
    if record.is_none() {
        if written("pipeline", values).is_none_or(|id| id.is_empty()) {
            add("pipeline", DEFAULT_PIPELINE.to_owned(), values);
        }
        if written("deal_currency_code", values).is_none_or(|code| code.is_empty()) {
            add("deal_currency_code", CURRENCIES[0].0.to_owned(), values);
        }
    }
    let now = |name: &str, values: &[(Column, String)]| {
        values
            .iter()
            .rev()
            .find(|(column, _)| store.schema.column(name) == Some(*column))
            .map(|(_, value)| value.clone())
            .or_else(|| stored(name))
            .unwrap_or_default()
    };
    let moved = ["pipeline", "dealstage"]
        .into_iter()
        .any(|name| now(name, values) != stored(name).unwrap_or_default());
    if moved {
        let stage = stage_of(store, &now("pipeline", values), &now("dealstage", values))?;
        let given = written("hs_deal_stage_probability", values).is_some();
        for (name, value) in of_stage(stage) {
            // A probability of the deal's own goes before that of the stage.
            if !given || name != "hs_deal_stage_probability" {
                add(name, value, values);
            }
        }
    }
    let touched = ["amount", "deal_currency_code"]
        .into_iter()
        .any(|name| written(name, values).is_some());
    if touched {
        let (amount, currency) = (now("amount", values), now("deal_currency_code", values));
        for (name, value) in in_home_currency(&amount, &currency) {
            add(name, value, values);
        }
    }
    Ok(())
}

/// The stage, if there are such a pipeline and such a stage in it.
fn stage_of<'a>(store: &'a Store, pipeline: &str, stage: &str) -> Result<&'a Stage, Problem> {
    let refuse = |name: &str, value: &str, allowed: Vec<&str>| Problem {
        code: "INVALID_OPTION",
        message: format!(
            "{value} was not one of the allowed options: [{}]",
            allowed.join(", ")
        ),
        name: name.to_owned(),
    };
    let live = || store.pipelines.iter().filter(|known| !known.archived);
    let Some(found) = live().find(|known| known.id == pipeline) else {
        let allowed = live().map(|known| known.id.as_str()).collect();
        return Err(refuse("pipeline", pipeline, allowed));
    };
    let stages = found.live();
    match stages.iter().find(|known| known.id == stage) {
        Some(stage) => Ok(stage),
        None => {
            let allowed = stages.iter().map(|known| known.id.as_str()).collect();
            Err(refuse("dealstage", stage, allowed))
        }
    }
}

impl Account {
    /// After a change of a stage: its deals show what it says by now. One that was
    /// removed says nothing, so its deals stay as they are.
    pub fn follow_stage(&mut self, pipeline: &str, id: &str) {
        let store = &self.stores[DEALS];
        let Ok(stage) = stage_of(store, pipeline, id) else {
            return;
        };
        let values = of_stage(stage);
        let Some(column) = store.schema.column("dealstage") else {
            return;
        };
        let deals: Vec<u64> = store
            .records
            .values()
            .filter(|record| record.get(column) == Some(id))
            .map(|record| record.id)
            .collect();
        for deal in deals {
            for (name, value) in &values {
                if let Some(column) = self.stores[DEALS].schema.column(name) {
                    self.stores[DEALS].set_computed(deal, column, value);
                }
            }
            for company in self.links.ids((DEALS, deal), COMPANIES) {
                self.recount((COMPANIES, company));
            }
        }
    }
}
