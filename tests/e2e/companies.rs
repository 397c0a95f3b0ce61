//! Companies to customers (S7 to S20).

use halo_tests::hubspot_sim::SimOptions;
use halo_tests::kit::Workshop;

use crate::program;

#[tokio::test(flavor = "multi_thread")]
async fn s19_an_import_ends_with_counts_that_add_up() {
    let options = SimOptions {
        companies: 250,
        ..SimOptions::default()
    };
    let shop = Workshop::open(program(), options).await.unwrap();
    shop.connect().await.unwrap();
    let result = shop
        .result(&["import", "hubspot", "companies"])
        .await
        .unwrap();
    let counts = &result[0]["summary"]["counts"];
    assert_eq!(
        (&counts["read"], &counts["created"]),
        (&250.into(), &250.into()),
        "{counts}"
    );
}
