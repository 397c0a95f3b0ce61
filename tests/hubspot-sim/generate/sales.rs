//! Generated products, deals, quotes and line items.
//!
//! They have a generator of random numbers of their own, so that asking for them
//! does not change what companies and contacts a seed gives.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::super::account::Account;
use super::super::clock::iso;
use super::super::deals::{in_home_currency, of_stage};
use super::super::decimal::Decimal;
use super::super::definitions::{CURRENCIES, DEAL_TYPES, PRODUCT_TYPES};
use super::super::kinds::{COMPANIES, CONTACTS, DEALS, LINE_ITEMS, PRODUCTS, QUOTES};
use super::super::line_items::net;
use super::super::link_types::{PLAIN, PRIMARY};
use super::super::names::{ITEM_KINDS, ITEMS, PLACES, TRADES};
use super::super::quotes::at_birth;
use super::super::record::{Column, Record};
use super::{EPOCH_MS, Fields, SPREAD_MS, pick};

/// One deal in so many is in another currency than the account's.
const FOREIGN_EVERY: usize = 10;
/// One quote in so many belongs to no deal.
const LOOSE_EVERY: usize = 12;

/// What line items take from a product.
struct Product {
    id: u64,
    name: String,
    sku: String,
    cents: i64,
    price: String,
    cost: String,
    frequency: Option<&'static str>,
}

/// What a quote takes from its deal.
struct Deal {
    id: u64,
    title: String,
    currency: &'static str,
    owner: Option<String>,
    company: Option<u64>,
    contact: Option<u64>,
}

fn cents(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

impl Account {
    /// Fills in what is sold, as the options say.
    pub(super) fn generate_sales(&mut self) {
        let own = StdRng::seed_from_u64(self.options.seed ^ 0x5a1e5);
        let others = std::mem::replace(&mut self.rng, own);
        let products = self.generate_products();
        let deals = self.generate_deals();
        self.generate_quotes(&products, &deals);
        self.rng = others;
    }

    fn generate_products(&mut self) -> Vec<Product> {
        let names = [
            "name",
            "description",
            "price",
            "hs_sku",
            "hs_cost_of_goods_sold",
            "hs_product_type",
            "hs_status",
            "recurringbillingfrequency",
            "hs_recurring_billing_period",
        ];
        let fields = Fields::new(&self.stores[PRODUCTS].schema, &names);
        let total = self.options.products;
        let mut made = Vec::with_capacity(total);
        for n in 0..total {
            let mut record = self.past_record(PRODUCTS, n, total);
            let rng = &mut self.rng;
            let (item, sort) = (
                ITEMS[n % ITEMS.len()],
                ITEM_KINDS[n / ITEMS.len() % ITEM_KINDS.len()],
            );
            let round = n / ITEMS.len() / ITEM_KINDS.len();
            let name = match round {
                0 => format!("{item} {sort}"),
                round => format!("{item} {sort} {}", round + 1),
            };
            let price = rng.random_range(500..200_000);
            // Services are billed again, goods once.
            let (kind, frequency) = match n % 3 {
                0 => (PRODUCT_TYPES[0].0, None),
                1 => (PRODUCT_TYPES[2].0, Some("monthly")),
                _ => (PRODUCT_TYPES[2].0, Some("annually")),
            };
            let product = Product {
                id: record.id,
                sku: format!("SKU-{:05}", n + 1),
                cents: price,
                price: cents(price),
                cost: cents(price * rng.random_range(40..80) / 100),
                frequency,
                name,
            };
            fields.set(&mut record, 0, &product.name);
            fields.set(
                &mut record,
                1,
                &format!("{} for small offices", product.name),
            );
            fields.set(&mut record, 2, &product.price);
            fields.set(&mut record, 3, &product.sku);
            fields.set(&mut record, 4, &product.cost);
            fields.set(&mut record, 5, kind);
            fields.set(
                &mut record,
                6,
                if n % 20 == 19 { "inactive" } else { "active" },
            );
            if let Some(frequency) = frequency {
                fields.set(&mut record, 7, frequency);
                fields.set(&mut record, 8, "P12M");
            }
            made.push(product);
            self.stores[PRODUCTS].insert_generated(record);
        }
        made
    }

    fn generate_deals(&mut self) -> Vec<Deal> {
        let names = [
            "dealname",
            "amount",
            "closedate",
            "pipeline",
            "dealstage",
            "dealtype",
            "hubspot_owner_id",
            "deal_currency_code",
            "hs_object_source",
            "closed_lost_reason",
        ];
        let fields = Fields::new(&self.stores[DEALS].schema, &names);
        let pipelines = self.stores[DEALS].pipelines.clone();
        let companies: Vec<u64> = self.stores[COMPANIES].records.keys().copied().collect();
        let total = self.options.deals;
        let mut made = Vec::with_capacity(total);
        for n in 0..total {
            let mut record = self.past_record(DEALS, n, total);
            let rng = &mut self.rng;
            let company = (!companies.is_empty()).then(|| *pick(rng, &companies));
            // Every fourth deal is a renewal; the stages of each pipeline take turns
            // by chance, so that some are open, some won and some lost.
            let pipeline = &pipelines[usize::from(n % 4 == 3)];
            let stage = pick(rng, &pipeline.stages);
            let currency = match n % FOREIGN_EVERY {
                7 => CURRENCIES[1 + n / FOREIGN_EVERY % 2].0,
                _ => CURRENCIES[0].0,
            };
            let sum = cents(rng.random_range(50_000..5_000_000));
            let closes = if stage.closed {
                record.modified_ms
            } else {
                EPOCH_MS + rng.random_range(0..SPREAD_MS / 4)
            };
            let title = format!("{} {} {}", pick(rng, PLACES), pick(rng, TRADES), n + 1);
            let owner = (n % 9 != 8).then(|| pick(rng, &self.owners).id.to_string());
            fields.set(&mut record, 0, &title);
            fields.set(&mut record, 1, &sum);
            fields.set(&mut record, 2, &iso(closes));
            fields.set(&mut record, 3, &pipeline.id);
            fields.set(&mut record, 4, &stage.id);
            fields.set(&mut record, 5, DEAL_TYPES[usize::from(n % 4 == 3)].0);
            fields.set(&mut record, 6, owner.as_deref().unwrap_or_default());
            fields.set(&mut record, 7, currency);
            fields.set(&mut record, 8, "CRM_UI");
            let lost = stage.closed && stage.probability == "0.0";
            fields.set(
                &mut record,
                9,
                if lost { "Chose another supplier" } else { "" },
            );
            let schema = &self.stores[DEALS].schema;
            let follows = of_stage(stage).into_iter();
            for (name, value) in follows.chain(in_home_currency(&sum, currency)) {
                if let Some(column) = schema.column(name) {
                    record.set(column, &value);
                }
            }
            let key = (DEALS, record.id);
            self.stores[DEALS].insert_generated(record);
            let mut contact = None;
            if let Some(company) = company {
                self.links.add(key, (COMPANIES, company), PRIMARY);
                // The first contacts of the company take part.
                let people = self.links.of((COMPANIES, company), CONTACTS);
                let people: Vec<u64> = people.iter().take(2).map(|link| link.id).collect();
                for id in people {
                    contact = contact.or(Some(id));
                    self.links.add(key, (CONTACTS, id), PLAIN);
                }
            }
            self.recount(key);
            made.push(Deal {
                id: key.1,
                title,
                currency,
                owner,
                company,
                contact,
            });
        }
        if total > 0 {
            for company in companies {
                self.recount((COMPANIES, company));
            }
        }
        made
    }

    fn generate_quotes(&mut self, products: &[Product], deals: &[Deal]) {
        let names = [
            "hs_title",
            "hs_expiration_date",
            "hs_status",
            "hs_currency",
            "hs_locked",
            "hs_terms",
            "hs_sender_email",
            "hs_object_source",
            "hs_quote_amount",
            "hubspot_owner_id",
        ];
        let fields = Fields::new(&self.stores[QUOTES].schema, &names);
        let line_fields = line_fields(self);
        let total = self.options.quotes;
        for n in 0..total {
            let mut record = self.past_record(QUOTES, n, total);
            let rng = &mut self.rng;
            let deal =
                (!deals.is_empty() && n % LOOSE_EVERY != LOOSE_EVERY - 1).then(|| pick(rng, deals));
            let currency = deal.map_or(CURRENCIES[0].0, |deal| deal.currency);
            let status = match n % 4 {
                0 if deal.is_some() => "APPROVAL_NOT_NEEDED",
                1 if deal.is_some() => "APPROVED",
                2 => "PENDING_APPROVAL",
                _ => "DRAFT",
            };
            let locked = status.starts_with("APPROV");
            let title = match deal {
                Some(deal) => format!("Quote {} for {}", n + 1, deal.title),
                None => format!("Quote {}", n + 1),
            };
            let until = EPOCH_MS + rng.random_range(0..200) * 86_400_000;
            fields.set(&mut record, 0, &title);
            fields.set(&mut record, 1, &iso(until)[..10]);
            fields.set(&mut record, 2, status);
            fields.set(&mut record, 3, currency);
            fields.set(&mut record, 4, if locked { "true" } else { "false" });
            fields.set(&mut record, 5, "Payable within 30 days");
            fields.set(&mut record, 6, "sales@owners.example");
            fields.set(&mut record, 7, "CRM_UI");
            let owner = deal.and_then(|deal| deal.owner.as_deref());
            fields.set(&mut record, 9, owner.unwrap_or_default());
            let key = (QUOTES, record.id);
            let mut sum = Decimal::default();
            for position in 0..self.options.lines {
                let line = self.generate_line(&line_fields, &record, products, position, currency);
                sum = sum.plus(line.1);
                self.links.add(key, (LINE_ITEMS, line.0), PLAIN);
            }
            fields.set(&mut record, 8, &sum.money());
            let store = &self.stores[QUOTES];
            let mut birth: Vec<(Column, String)> = record
                .values()
                .iter()
                .map(|(column, text)| (*column, text.as_str().to_owned()))
                .collect();
            at_birth(store, record.created_ms, key.1, &mut birth);
            for (column, value) in birth {
                record.set(column, &value);
            }
            self.stores[QUOTES].insert_generated(record);
            if let Some(deal) = deal {
                self.links.add(key, (DEALS, deal.id), PLAIN);
                if let Some(company) = deal.company {
                    self.links.add(key, (COMPANIES, company), PLAIN);
                }
                if let Some(contact) = deal.contact {
                    self.links.add(key, (CONTACTS, contact), PLAIN);
                }
            }
        }
    }

    /// One line item of a quote: its id and its amount.
    fn generate_line(
        &mut self,
        fields: &Fields,
        quote: &Record,
        products: &[Product],
        position: usize,
        currency: &str,
    ) -> (u64, Decimal) {
        let id = self.stores[LINE_ITEMS].take_id();
        let mut record = Record::with_capacity(id, quote.created_ms, fields.len() + 3);
        let rng = &mut self.rng;
        let product = (!products.is_empty()).then(|| pick(rng, products));
        let quantity: i64 = rng.random_range(1..25);
        let own = rng.random_range(500..90_000);
        let price = product.map_or(own, |product| product.cents);
        let percent = (rng.random_range(0..6) == 0).then_some(10);
        let [sum, off] = net(
            Decimal::whole(quantity),
            Decimal::of_cents(price),
            None,
            percent.map(Decimal::whole),
        );
        let schema = &self.stores[LINE_ITEMS].schema;
        // Made with the quote: its stamps are copied, as writing a time is slow.
        let stamps = self.stores[QUOTES].schema.created;
        let created = quote.get(stamps).unwrap_or_default();
        record.set(schema.id, &id.to_string());
        record.set(schema.created, created);
        record.set(schema.modified, created);
        let name = product.map_or("Work by the hour", |product| product.name.as_str());
        fields.set(&mut record, 0, name);
        fields.set(&mut record, 1, &quantity.to_string());
        match product {
            Some(product) => fields.set(&mut record, 2, &product.price),
            None => fields.set(&mut record, 2, &cents(own)),
        }
        fields.set(&mut record, 3, &sum.money());
        if percent.is_some() {
            fields.set(&mut record, 4, "10");
            fields.set(&mut record, 5, &off.money());
        }
        fields.set(&mut record, 6, currency);
        fields.set(&mut record, 7, &position.to_string());
        if let Some(product) = product {
            fields.set(&mut record, 8, &product.id.to_string());
            fields.set(&mut record, 9, &product.sku);
            fields.set(&mut record, 10, &product.cost);
            fields.set(&mut record, 11, product.frequency.unwrap_or_default());
        }
        record.shrink();
        self.stores[LINE_ITEMS].insert_generated(record);
        (id, sum)
    }
}

fn line_fields(account: &Account) -> Fields {
    let names = [
        "name",
        "quantity",
        "price",
        "amount",
        "hs_discount_percentage",
        "hs_total_discount",
        "hs_line_item_currency_code",
        "hs_position_on_quote",
        "hs_product_id",
        "hs_sku",
        "hs_cost_of_goods_sold",
        "recurringbillingfrequency",
    ];
    Fields::new(&account.stores[LINE_ITEMS].schema, &names)
}
