//! The one time limit of these tests, and waiting for a condition within it.

use std::time::Duration;

/// How long anything may take. `AIRHATCH_TEST_PATIENCE` multiplies it, for slow machines.
#[must_use]
pub fn patience() -> Duration {
    let factor = std::env::var("AIRHATCH_TEST_PATIENCE").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(30).mul_f64(factor.unwrap_or(1.0))
}

/// Waits for something to come by itself.
pub async fn in_time<T>(what: &str, coming: impl Future<Output = T>) -> T {
    let late = |_| panic!("{what} did not happen in {:?}", patience());
    tokio::time::timeout(patience(), coming).await.unwrap_or_else(late)
}

/// Looks again and again until there is something to see.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    in_time(what, async {
        loop {
            looks.tick().await;
            if let Some(seen) = look().await {
                return seen;
            }
        }
    })
    .await
}
