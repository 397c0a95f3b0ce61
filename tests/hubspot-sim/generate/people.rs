//! Generated companies and contacts.

use rand::RngExt as _;

use super::super::account::Account;
use super::super::clock::iso;
use super::super::definitions::{INDUSTRIES, LIFECYCLE_STAGES, SERVICES, TIERS};
use super::super::kinds::{COMPANIES, CONTACTS};
use super::super::link_types::{PLAIN, PRIMARY};
use super::super::names::{AWKWARD, CITIES, FIRST, FORMS, JOBS, LAST, PLACES, TRADES};
use super::{EPOCH_MS, Fields, SPREAD_MS, pick};

/// Every so many-th company bears an awkward name, until those are used up.
const AWKWARD_EVERY: usize = 7;

/// The n-th company name. Any two numbers give two names.
fn company_name(n: usize, shift: usize) -> String {
    let all = PLACES.len() * TRADES.len() * FORMS.len();
    // A stride without a common divisor with `all` visits every combination once.
    let mixed = (n % all * 7_919 + shift) % all;
    let place = PLACES[mixed % PLACES.len()];
    let trade = TRADES[mixed / PLACES.len() % TRADES.len()];
    let form = FORMS[mixed / PLACES.len() / TRADES.len()];
    match n / all {
        0 => format!("{place} {trade} {form}"),
        round => format!("{place} {trade} {form} {}", round + 1),
    }
}

/// A domain from a name; names of other scripts get one by number.
fn domain(name: &str, n: usize) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if c == ' ' && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_matches('-');
    if slug.len() < 5 {
        format!("company-{n}.example")
    } else {
        format!("{slug}.example")
    }
}

/// An address part of letters that every mail server takes.
fn plain(name: &str) -> String {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if plain.is_empty() {
        "info".to_owned()
    } else {
        plain
    }
}

impl Account {
    pub(super) fn generate_companies(&mut self) -> Vec<(u64, String, String)> {
        let fields = Fields::new(
            &self.stores[COMPANIES].schema,
            &[
                "name",
                "domain",
                "website",
                "phone",
                "city",
                "country",
                "industry",
                "lifecyclestage",
                "numberofemployees",
                "annualrevenue",
                "hubspot_owner_id",
                "account_number",
                "support_tier",
                "services",
                "is_partner",
                "seat_count",
                "renewal_date",
                "last_audit_at",
                "hs_object_source",
                "address",
                "zip",
                "num_associated_contacts",
            ],
        );
        let all = PLACES.len() * TRADES.len() * FORMS.len();
        let shift = self.rng.random_range(0..all);
        let total = self.options.companies;
        let mut made: Vec<(u64, String, String)> = Vec::with_capacity(total);
        for n in 0..total {
            let mut record = self.past_record(COMPANIES, n, total);
            let rng = &mut self.rng;
            let awkward = (n % AWKWARD_EVERY == 3)
                .then(|| AWKWARD.get(n / AWKWARD_EVERY))
                .flatten();
            let twin = total - n <= self.options.duplicates;
            let name = match awkward {
                Some(name) => (*name).to_owned(),
                None if twin && !made.is_empty() => made[rng.random_range(0..made.len())].1.clone(),
                None => company_name(n, shift),
            };
            let domain = domain(&name, n);
            let (city, country, prefix) = pick(rng, CITIES);
            fields.set(&mut record, 0, &name);
            fields.set(&mut record, 1, &domain);
            fields.set(&mut record, 2, &format!("https://www.{domain}"));
            fields.set(
                &mut record,
                3,
                &format!("{prefix} 555 {:04}", rng.random_range(0..10_000)),
            );
            fields.set(&mut record, 4, city);
            fields.set(&mut record, 5, country);
            fields.set(&mut record, 6, pick(rng, INDUSTRIES).0);
            // One in ten companies has no stage at all.
            if n % 10 != 9 {
                fields.set(
                    &mut record,
                    7,
                    LIFECYCLE_STAGES[rng.random_range(0..LIFECYCLE_STAGES.len())].0,
                );
            }
            let employees = rng.random_range(1..900);
            fields.set(&mut record, 8, &employees.to_string());
            fields.set(&mut record, 9, &format!("{}.50", employees * 61_000));
            if n % 3 != 0 {
                fields.set(&mut record, 10, &pick(rng, &self.owners).id.to_string());
            }
            fields.set(&mut record, 18, "IMPORT");
            fields.set(
                &mut record,
                19,
                &format!("{} {} Street", rng.random_range(1..400), pick(rng, PLACES)),
            );
            fields.set(
                &mut record,
                20,
                &format!("{:05}", rng.random_range(1000..99_999)),
            );
            if n % 4 == 0 {
                fields.set(&mut record, 11, &format!("AC-{:06}", n + 1));
                fields.set(&mut record, 12, pick(rng, TIERS).0);
                fields.set(
                    &mut record,
                    13,
                    &format!("{};{}", SERVICES[n / 4 % 4].0, SERVICES[(n / 4 + 1) % 4].0),
                );
                fields.set(&mut record, 14, if n % 8 == 0 { "true" } else { "false" });
                fields.set(&mut record, 15, &rng.random_range(1..200).to_string());
                fields.set(
                    &mut record,
                    16,
                    &iso(EPOCH_MS + rng.random_range(0..700) * 86_400_000)[..10],
                );
                fields.set(
                    &mut record,
                    17,
                    &iso(EPOCH_MS - rng.random_range(0..SPREAD_MS)),
                );
            }
            fields.set(&mut record, 21, "0");
            made.push((record.id, name, domain));
            self.stores[COMPANIES].insert_generated(record);
        }
        made
    }

    pub(super) fn generate_contacts(&mut self, companies: &[(u64, String, String)]) {
        let fields = Fields::new(
            &self.stores[CONTACTS].schema,
            &[
                "email",
                "firstname",
                "lastname",
                "company",
                "jobtitle",
                "phone",
                "city",
                "country",
                "lifecyclestage",
                "hubspot_owner_id",
                "associatedcompanyid",
                "hs_object_source",
                "preferred_channel",
                "is_vip",
                "contract_end",
            ],
        );
        let total = self.options.contacts;
        let mut counts = vec![0_u32; companies.len()];
        for n in 0..total {
            let mut record = self.past_record(CONTACTS, n, total);
            let rng = &mut self.rng;
            let (first, last) = (*pick(rng, FIRST), *pick(rng, LAST));
            let (city, country, prefix) = pick(rng, CITIES);
            // One in twenty belongs to no company.
            let at = (!companies.is_empty() && n % 20 != 19)
                .then(|| rng.random_range(0..companies.len()));
            let host = at.map_or("people.example", |at| companies[at].2.as_str());
            fields.set(
                &mut record,
                0,
                &format!("{}.{}{n}@{host}", plain(first), plain(last)),
            );
            fields.set(&mut record, 1, first);
            fields.set(&mut record, 2, last);
            fields.set(&mut record, 4, JOBS[rng.random_range(0..JOBS.len())]);
            fields.set(
                &mut record,
                5,
                &format!("{prefix} 555 {:04}", rng.random_range(0..10_000)),
            );
            fields.set(&mut record, 6, city);
            fields.set(&mut record, 7, country);
            fields.set(
                &mut record,
                8,
                LIFECYCLE_STAGES[rng.random_range(0..LIFECYCLE_STAGES.len())].0,
            );
            if n % 3 == 0 {
                fields.set(&mut record, 9, &pick(rng, &self.owners).id.to_string());
            }
            fields.set(&mut record, 11, "IMPORT");
            if n % 5 == 0 {
                fields.set(&mut record, 12, if n % 2 == 0 { "email" } else { "phone" });
                fields.set(&mut record, 13, if n % 15 == 0 { "true" } else { "false" });
                fields.set(
                    &mut record,
                    14,
                    &iso(EPOCH_MS + rng.random_range(0..700) * 86_400_000)[..10],
                );
            }
            let key = (CONTACTS, record.id);
            if let Some(at) = at {
                fields.set(&mut record, 3, &companies[at].1);
                fields.set(&mut record, 10, &companies[at].0.to_string());
                counts[at] += 1;
                self.links.add(key, (COMPANIES, companies[at].0), PRIMARY);
                // A few work for a second company, without a label.
                let second = (at + 1) % companies.len();
                if n % 25 == 7 && second != at {
                    counts[second] += 1;
                    self.links.add(key, (COMPANIES, companies[second].0), PLAIN);
                }
            }
            self.stores[CONTACTS].insert_generated(record);
        }
        if let Some(column) = self.stores[COMPANIES]
            .schema
            .column("num_associated_contacts")
        {
            for (at, count) in counts.iter().enumerate() {
                self.stores[COMPANIES].set_computed(companies[at].0, column, &count.to_string());
            }
        }
    }
}
