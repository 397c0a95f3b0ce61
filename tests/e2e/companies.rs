//! Companies to customers (S7 to S20).

mod fields;
mod gone;
mod imports;
mod matching;
mod options;
mod sites;
mod stages;
mod unanswered;

/// The names of all customers, sorted.
async fn customers(shop: &halo_tests::kit::Workshop) -> Vec<String> {
    let all = shop.records().unwrap().all("customer").await.unwrap();
    let mut names: Vec<String> = all
        .iter()
        .map(|record| record.fields["name"].display())
        .collect();
    names.sort();
    names
}
