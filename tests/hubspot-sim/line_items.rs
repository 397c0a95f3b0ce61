//! Line items: what they take from their product, and their amount.

use super::decimal::Decimal;
use super::record::{Column, Record};
use super::store::Store;
use super::validate::Problem;

/// What a new line item takes from its product unless it says otherwise.
const TAKEN: &[&str] = &[
    "name",
    "description",
    "price",
    "hs_sku",
    "hs_cost_of_goods_sold",
    "recurringbillingfrequency",
    "hs_recurring_billing_period",
];

/// The amount and the discount of so many units. HubSpot's `discount` is of one unit;
/// a percentage goes before it. Each line is rounded, so a quote is the sum of what
/// its lines show.
pub fn net(
    quantity: Decimal,
    price: Decimal,
    discount: Option<Decimal>,
    percent: Option<Decimal>,
) -> [Decimal; 2] {
    let off = match percent {
        Some(percent) => price.percent(percent),
        None => discount.unwrap_or_default(),
    };
    [quantity.times(price.minus(off)), quantity.times(off)].map(Decimal::rounded)
}

/// The same of numbers as they are written; empty without a quantity or a price.
fn amount(quantity: &str, price: &str, discount: &str, percent: &str) -> [String; 2] {
    let of = Decimal::parse;
    match (of(quantity), of(price)) {
        (Some(quantity), Some(price)) => {
            net(quantity, price, of(discount), of(percent)).map(Decimal::money)
        }
        _ => [String::new(), String::new()],
    }
}

/// Checks a write of a line item, and adds the values that follow from it.
pub fn settle(
    store: &Store,
    products: &Store,
    record: Option<&Record>,
    values: &mut Vec<(Column, String)>,
) -> Result<(), Problem> {
    let written = |name: &str, values: &[(Column, String)]| {
        let column = store.schema.column(name)?;
        let set = values.iter().find(|(set, _)| *set == column)?;
        Some(set.1.clone())
    };
    let problem = |code, name: &str, message| Problem {
        code,
        message,
        name: name.to_owned(),
    };
    if let Some(id) = written("hs_product_id", values).filter(|id| !id.is_empty()) {
        let product = id
            .parse()
            .ok()
            .and_then(|id| products.get(products.resolve(id)));
        let Some(product) = product else {
            let message = format!("There is no product {id}");
            return Err(problem("INVALID_PRODUCT", "hs_product_id", message));
        };
        for name in TAKEN.iter().filter(|_| record.is_none()) {
            if written(name, values).is_none()
                && let Some(own) = store.schema.column(name)
                && let Some(column) = products.schema.column(name)
                && let Some(value) = product.get(column)
            {
                values.push((own, value.to_owned()));
            }
        }
    }
    let now = |name: &str, values: &[(Column, String)]| {
        written(name, values)
            .or_else(|| {
                let column = store.schema.column(name)?;
                record?.get(column).map(str::to_owned)
            })
            .unwrap_or_default()
    };
    let price = now("price", values);
    if Decimal::parse(&price).is_some_and(Decimal::is_negative) {
        let message = format!("{price} is too small: a price is at least 0");
        return Err(problem("INVALID_INTEGER", "price", message));
    }
    let [sum, off] = amount(
        &now("quantity", values),
        &price,
        &now("discount", values),
        &now("hs_discount_percentage", values),
    );
    for (name, value) in [("amount", sum), ("hs_total_discount", off)] {
        // A user of the control calls may not set what is computed either.
        if let Some(column) = store.schema.column(name) {
            values.retain(|(set, _)| *set != column);
            values.push((column, value));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_the_net_price_of_all_units() {
        for (quantity, price, discount, percent, net, off) in [
            ("3", "19.99", "", "", "59.97", "0"),
            ("10", "19.99", "2", "", "179.9", "20"),
            ("4", "25", "", "12.5", "87.5", "12.5"),
            ("4", "25", "2", "10", "90", "10"),
            ("", "25", "", "", "", ""),
        ] {
            assert_eq!(amount(quantity, price, discount, percent), [net, off]);
        }
    }
}
