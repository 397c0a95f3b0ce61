//! What is said when a preview, or a part of it, is imported a second time.

use halo_tests::kit::NAME;

use super::preview;
use crate::shop::{counts, empty};

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_that_was_imported_is_not_imported_again() {
    let shop = empty().await;
    let id = shop
        .sim
        .create_company([("name", "Acme"), ("phone", "1")])
        .unwrap();
    let run = preview(&shop).await["summary"]["run"].to_string();
    let import = ["import", NAME, "companies", "--preview", &run];
    let done = shop.result(&import).await.unwrap().remove(0);
    let by = done["summary"]["run"].to_string();
    // A change since, which the preview has not shown.
    shop.sim.edit("companies", &id, [("phone", "2")]).unwrap();
    let halo = shop.records().unwrap();
    let before = halo.contents().await.unwrap();
    for more in [&[][..], &["--where", "name=Acme"]] {
        let again = shop.halo(&[&import, more].concat()).await.unwrap();
        assert_eq!(again.code, Some(1), "{again:?}");
        let told = format!("Preview {run} was imported already, by run {by}");
        assert!(again.stderr.contains(&told), "{again:?}");
        assert!(!again.stdout.contains("exactly"), "{again:?}");
    }
    assert_eq!(halo.contents().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s55_a_narrowed_preview_counts_what_it_shows_and_its_rest_may_be_imported_later() {
    let shop = empty().await;
    for name in ["Acme", "Bolt", "Bolt & Son"] {
        shop.sim.create_company([("name", name)]).unwrap();
    }
    let narrowed = async |condition: &str| {
        let arguments = ["preview", NAME, "companies", "--where", condition];
        let ended = shop.halo(&arguments).await.unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.stdout
    };
    let told = narrowed("name~bolt").await;
    assert!(told.contains("created (2 of 2):"), "{told}");
    assert!(
        told.contains("Of 3 read, 2 match: 2 to be created."),
        "{told}"
    );
    assert!(told.contains("--where \"name~bolt\""), "{told}");
    let told = narrowed("name=Nobody").await;
    assert!(told.contains("Of 3 read, none matches."), "{told}");
    assert!(told.contains("nothing of that to import"), "{told}");
    // Not all rows of a long one.
    let short = ["preview", NAME, "companies", "--limit", "1"];
    let told = shop.halo(&short).await.unwrap().stdout;
    assert!(told.contains("created (1 of 3):"), "{told}");
    assert!(told.contains("Not all rows are shown"), "{told}");
    // A part, then all of it: that is told as it is.
    let run = preview(&shop).await["summary"]["run"].to_string();
    let import = ["import", NAME, "companies", "--preview", &run];
    let part = [&import[..], &["--where", "name=Acme"]].concat();
    let done = shop.result(&part).await.unwrap().remove(0);
    assert_eq!(counts(&done), "created 1");
    let rest = shop.halo(&import).await.unwrap();
    assert_eq!(rest.code, Some(0), "{rest:?}");
    assert!(
        rest.stdout
            .contains("Otherwise than the preview showed (1)"),
        "{rest:?}"
    );
    assert_eq!(
        shop.records().unwrap().all("customer").await.unwrap().len(),
        3
    );
    assert_eq!(counts(&preview(&shop).await), "unchanged 3");
}
