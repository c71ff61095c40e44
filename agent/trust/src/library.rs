//! Whether the OpenSSL that this program was built with can be used by several threads. One without has no locks and one
//! error state for all: it corrupts memory. OpenSSL leaves threads out where it is told of a static link.

/// OpenSSL was built without threads.
#[derive(Debug, thiserror::Error)]
#[error(
    "this program was built with an OpenSSL that several threads cannot share; build it as docker/Dockerfile does"
)]
pub struct WithoutThreads;

/// Called by programs with several threads before they start.
///
/// # Errors
/// [`WithoutThreads`]: the program must not go on.
pub fn check_threads() -> Result<(), WithoutThreads> {
    // What OpenSSL's Configure gives the compiler exactly when threads are enabled.
    if openssl::version::c_flags().contains("-pthread") { Ok(()) } else { Err(WithoutThreads) }
}
