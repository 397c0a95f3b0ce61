//! `halo-host`: see [`halo_host::cli`].

fn main() -> std::process::ExitCode {
    halo_host::cli::main()
}
