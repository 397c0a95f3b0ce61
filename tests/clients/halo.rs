//! A client made for Halo against the host's records API: that it works unchanged is
//! what "in the shape of Halo's own" means.

use halo_tests::kit::{CLIENT_ID, CLIENT_SECRET, Program, Served};
use serde_json::json;

use crate::{install, told_by};

const PROVEN: [&str; 8] = [
    "a wrong secret is refused in words that the client understands",
    "a token by client credentials",
    "a client is made, read and changed in part",
    "all pages of a list, and everything at once",
    "what is out of use is listed only when it is asked for",
    "a user sits at a site and belongs to its client",
    "an item, a ticket, an opportunity and a quotation with its lines",
    "a refusal names the place and what was probably meant",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_client_made_for_halo_works_with_the_records_api() {
    let client = install::python().unwrap_or_else(|sentence| panic!("{sentence}"));
    let program = Program::at(env!("CARGO_BIN_EXE_demo"));
    let served = Served::start(program).await.unwrap();
    let argument = json!({
        "base_url": served.address(),
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    });
    let proven = told_by(&client, "halo.py", &argument.to_string()).await;
    assert_eq!(proven, PROVEN);
}
