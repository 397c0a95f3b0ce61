//! The admin page in a real Chromium: what needs a browser to be seen. What requests alone
//! can show is in `e2e/admin/`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod all_pages;
mod axe;
mod connecting;
mod importing;
mod keyboard;
mod signing_in;

use halo_tests::hubspot_sim::SimOptions;
use halo_tests::kit::chromium::Window;
use halo_tests::kit::{Program, Serving, Workshop};

/// The program under test.
fn program() -> Program {
    Program::at(env!("CARGO_BIN_EXE_demo"))
}

/// A host that serves and is not connected, and a browser.
struct Desk {
    window: Window,
    shop: Workshop,
    _serving: Serving,
}

impl Desk {
    async fn open() -> Desk {
        Desk::with(async |_| ()).await
    }

    /// With something done before it serves.
    async fn with(before: impl AsyncFnOnce(&Workshop)) -> Desk {
        let shop = Workshop::open(program(), SimOptions::default())
            .await
            .unwrap();
        before(&shop).await;
        Desk {
            _serving: shop.serve().await.unwrap(),
            window: Window::open().await.unwrap(),
            shop,
        }
    }

    async fn visit(&self, path: &str) {
        let address = self.shop.address().unwrap();
        self.window
            .visit(&format!("{address}{path}"))
            .await
            .unwrap();
    }

    /// The page's policy forbade nothing of it, and no script failed.
    async fn is_calm(&self) {
        let complaints = self.window.complaints().await.unwrap();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}
