//! What those say who do some work, told to the front: the newest line a few times a second, however many there are.

use airhatch_wire::Untrusted;
use airhatch_wire::warden::FromWarden;
use tokio::sync::watch;

use super::Outbound;
use super::pace::INTERVAL;
use crate::link::Outgoing;

/// Tells the newest line of `lines` until it is dropped. Never ends by itself: the work does.
pub(super) async fn tell(id: u32, mut lines: watch::Receiver<String>, outbound: Outbound) {
    while lines.changed().await.is_ok() {
        let line = Untrusted::new(lines.borrow_and_update().clone());
        let word = FromWarden::Preparing { id, line };
        // A front that does not keep up misses some.
        let _behind_or_gone = outbound.try_send(Outgoing { word, descriptor: None });
        tokio::time::sleep(INTERVAL).await;
    }
    std::future::pending::<()>().await;
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn of_a_thousand_lines_in_a_second_ten_are_told_and_the_last_one_is_among_them() {
        let (outbound, mut told) = mpsc::channel(1000);
        let (speaker, lines) = watch::channel(String::new());
        let telling = tokio::spawn(tell(7, lines, outbound));
        for number in 0..1000 {
            speaker.send_replace(format!("line {number}"));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(INTERVAL * 2).await;
        telling.abort();
        let mut said = Vec::new();
        while let Ok(Outgoing { word: FromWarden::Preparing { id: 7, line }, .. }) = told.try_recv() {
            said.push(line.shown());
        }
        assert!((10..=12).contains(&said.len()), "{said:?}");
        assert_eq!(said.last().map(String::as_str), Some("line 999"));
    }
}
