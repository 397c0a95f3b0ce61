//! Who is let in, and how the API says what is wrong.

use halo_tests::kit::{CLIENT_ID, CLIENT_SECRET, Served};
use serde_json::json;

use super::{refused, served};
use crate::shop::program;

#[tokio::test(flavor = "multi_thread")]
async fn without_an_application_the_api_is_off_and_says_so() {
    let served = Served::with(program(), "").await.unwrap();
    for path in ["/api/Client", "/auth/token", "/api/Client/1"] {
        let (status, answer) = served
            .send(hyper::Method::POST, path, ("application/json", ""), "[]")
            .await
            .unwrap();
        assert_eq!(status, 404);
        let told = answer["Message"].as_str().unwrap();
        assert!(
            told.contains("off") && told.contains("[api.NAME]"),
            "{told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_token_of_its_own_secret_opens_the_api() {
    let served = served().await;
    let (status, info) = served
        .send(hyper::Method::GET, "/api/authinfo", ("", ""), "")
        .await
        .unwrap();
    assert_eq!(status, 200);
    assert_eq!(info["auth_url"], format!("{}/auth", served.address()));

    for (form, status, error) in [
        (
            "grant_type=client_credentials&client_id=x&client_secret=y&scope=all",
            401,
            "invalid_client",
        ),
        (
            "grant_type=password&scope=all",
            400,
            "unsupported_grant_type",
        ),
        ("scope=all", 400, "unsupported_grant_type"),
    ] {
        let answer = served.ask_token(form).await.unwrap();
        assert_eq!(
            (answer.0, answer.1["error"].as_str()),
            (status, Some(error))
        );
        assert!(answer.1["error_description"].is_string());
        assert!(!answer.1.to_string().contains(CLIENT_SECRET));
    }
    for token in ["", "no-token", CLIENT_SECRET, CLIENT_ID] {
        for path in [
            "/api/Client",
            "/api/Client/1",
            "/api/FieldInfo",
            "/api/Nothing",
        ] {
            let (status, answer) = served
                .send(hyper::Method::GET, path, ("application/json", token), "")
                .await
                .unwrap();
            assert_eq!(
                (status, answer["error"].as_str()),
                (401, Some("invalid_token")),
                "{path}"
            );
        }
    }
    let (status, answer) = served.ask_token(&"x".repeat(20_000)).await.unwrap();
    // A form that is too long is not read.
    assert_eq!(
        (status, answer["error"].as_str()),
        (400, Some("invalid_request"))
    );
    let narrow = served.sign_in("read:items+edit:tickets").await.unwrap();
    assert_eq!(narrow.get("/api/Item").await.unwrap().0, 200);
    assert_eq!(narrow.get("/api/Tickets").await.unwrap().0, 200);
    let (status, answer) = narrow
        .post("/api/Item", &json!([{ "name": "x" }]))
        .await
        .unwrap();
    assert_eq!(status, 403);
    assert!(
        answer["Message"].as_str().unwrap().contains("edit:items"),
        "{answer}"
    );
    assert_eq!(narrow.get("/api/Client").await.unwrap().0, 403);
    assert_eq!(narrow.get("/api/Quotation").await.unwrap().0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_by_its_place_and_then_nothing_is_written() {
    let mut served = served().await;
    let halo = served.records().unwrap();
    {
        let desk = served.sign_in("all").await.unwrap();
        desk.write("/api/Client", json!({ "name": "Acme" }))
            .await
            .unwrap();
        let before = halo.journal_length().await.unwrap();
        let several = json!([
            { "name": "Good" },
            { "id": 1, "phone": "1" },
            { "id": 99, "name": "x" },
            { "name": "", "toplevel_id": 77 },
            { "id": 1, "customfields": [{ "name": "CFGone", "value": 1 }] },
        ]);
        let told = refused(&desk, "/api/Client", several).await;
        // The bodies first: what cannot be read is told before what does not fit.
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].0, "[4].customfields[0]");
        let several = json!([
            { "name": "Good" },
            { "id": 1, "phone": "1" },
            { "id": 99, "name": "x" },
            { "name": "", "toplevel_id": 77 },
        ]);
        let told = refused(&desk, "/api/Client", several).await;
        let places: Vec<&str> = told.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["[1].phone", "[2].id", "[3].name"]);
        assert!(
            told[0].1.contains("Did you mean main_phonenumber?"),
            "{told:?}"
        );
        assert!(told[1].1.contains("no customer 99"), "{told:?}");
        let lost = refused(
            &desk,
            "/api/Users",
            json!([{ "name": "Ada", "site_id": 9 }]),
        )
        .await;
        assert_eq!(lost[0].0, "[0].site_id");
        for body in [json!({ "name": "x" }), json!([]), json!([1])] {
            assert!(!refused(&desk, "/api/Client", body).await.is_empty());
        }
        assert_eq!(halo.journal_length().await.unwrap(), before);

        for (path, status) in [
            ("/api/Client/99", 404),
            ("/api/Client/x", 404),
            ("/api/Nothing", 404),
            ("/api/Client/1/2", 404),
        ] {
            let (found, answer) = desk.get(path).await.unwrap();
            assert_eq!(
                (found, answer["Message"].is_string()),
                (status, true),
                "{path}: {answer}"
            );
        }
        let (status, answer) = desk.post("/api/Client/1", &json!([])).await.unwrap();
        assert_eq!(
            (status, answer["Message"].is_string()),
            (405, true),
            "{answer}"
        );
        assert_eq!(
            desk.post("/api/Agent", &json!([{ "name": "x" }]))
                .await
                .unwrap()
                .0,
            405
        );
        let large = json!([{ "name": "x".repeat(4_200_000) }]);
        assert_eq!(desk.post("/api/Client", &large).await.unwrap().0, 413);
    }
    assert!(served.is_alive());
}
