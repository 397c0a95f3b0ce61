//! The contract as Rust: what `wit/` says, generated. Its types stay at the border
//! (`capability/`, `connection.rs`); everything else speaks `model.rs`.

// Generated code is not ours to document or to lint.
#![allow(missing_docs, unsafe_code, unused_variables, clippy::all)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "halo:integration/complete",
    imports: { default: async | trappable },
    exports: { default: async },
    with: {
        "wasi:io": wasmtime_wasi::p2::bindings::io,
        "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
        "wasi:random": wasmtime_wasi::p2::bindings::random,
        "wasi:http": wasmtime_wasi_http::p2::bindings::http,
    },
    additional_derives: [PartialEq, Clone],
});
