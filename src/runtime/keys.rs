//! The keyboard: single keys, pastes, and keys that come faster than a person types.

use std::io;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind};
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

use crate::keymap::is_printable;
use crate::msg::Msg;

/// Two keys within this time were not typed one after the other. A person's fastest keys and the fastest key repeat
/// are several times slower; what a terminal sends in one piece is read within less.
const TOGETHER: Duration = Duration::from_millis(4);

/// What comes from the keyboard.
pub(super) struct Keys<S = EventStream> {
    events: S,
    /// Keys that came together, until nothing follows any more.
    together: Vec<KeyEvent>,
    until: Instant,
    /// What came right after them.
    after: Option<Msg>,
}

impl<S: Stream<Item = io::Result<Event>> + Unpin> Keys<S> {
    /// Begins to listen.
    pub(super) fn to(events: S) -> Self {
        Self { events, together: Vec::new(), until: Instant::now(), after: None }
    }

    /// The next key, burst or paste; `None` when the terminal is gone. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Option<Msg> {
        loop {
            if self.together.is_empty()
                && let Some(msg) = self.after.take()
            {
                return Some(msg);
            }
            let event = if self.together.is_empty() {
                self.events.next().await
            } else {
                match timeout_at(self.until, self.events.next()).await {
                    Ok(event) => event,
                    Err(_) => return Some(self.gathered()),
                }
            };
            let Some(Ok(event)) = event else {
                return (!self.together.is_empty()).then(|| self.gathered());
            };
            match event {
                Event::Key(key) if key.kind == KeyEventKind::Release => {}
                Event::Key(key) if types(key) => {
                    self.together.push(key);
                    self.until = Instant::now() + TOGETHER;
                }
                Event::Key(key) => return Some(self.behind(Msg::Key(key))),
                Event::Paste(text) => return Some(self.behind(Msg::Paste(text))),
                Event::Resize(..) => return Some(self.behind(Msg::Resized)),
                Event::FocusGained | Event::FocusLost | Event::Mouse(_) => {}
            }
        }
    }

    /// The keys so far, and `msg` after them.
    fn behind(&mut self, msg: Msg) -> Msg {
        if self.together.is_empty() {
            return msg;
        }
        self.after = Some(msg);
        self.gathered()
    }

    fn gathered(&mut self) -> Msg {
        let keys = std::mem::take(&mut self.together);
        match keys.as_slice() {
            [one] => Msg::Key(*one),
            _ => Msg::Burst(keys),
        }
    }
}

/// True for keys that a pasted text may consist of.
fn types(key: KeyEvent) -> bool {
    is_printable(key) || matches!(key.code, KeyCode::Enter | KeyCode::Tab)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use futures_util::stream;
    use tokio::sync::mpsc;

    use super::*;

    /// A keyboard on which each key is pressed so many milliseconds after the one before.
    fn keyboard(keys: Vec<(u64, Event)>) -> Keys<impl Stream<Item = io::Result<Event>> + Unpin> {
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            for (pause, event) in keys {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                sender.send(Ok(event)).unwrap();
            }
        });
        let events = |mut receiver: mpsc::UnboundedReceiver<_>| async move {
            receiver.recv().await.map(|event| (event, receiver))
        };
        Keys::to(Box::pin(stream::unfold(receiver, events).fuse()))
    }

    fn press(code: KeyCode) -> KeyEvent {
        KeyEvent::from(code)
    }

    fn char(c: char) -> KeyEvent {
        press(KeyCode::Char(c))
    }

    async fn all<S: Stream<Item = io::Result<Event>> + Unpin>(mut keys: Keys<S>) -> Vec<Msg> {
        let mut msgs = Vec::new();
        while let Some(msg) = keys.next().await {
            msgs.push(msg);
        }
        msgs
    }

    #[tokio::test(start_paused = true)]
    async fn typed_keys_come_one_by_one() {
        let typed = [(0, 'a'), (30, 'b'), (10, 'b')].map(|(pause, c)| (pause, Event::Key(char(c))));
        let msgs = all(keyboard(typed.to_vec())).await;
        assert_eq!(msgs, [char('a'), char('b'), char('b')].map(Msg::Key));
    }

    #[tokio::test(start_paused = true)]
    async fn keys_that_come_together_are_one_burst_with_their_line_ends() {
        let enter = press(KeyCode::Enter);
        let poured = [char('/'), char('a'), enter].map(|key| (0, Event::Key(key)));
        let typed = (50, Event::Key(char('q')));
        let msgs = all(keyboard(poured.into_iter().chain([typed]).collect())).await;
        assert_eq!(msgs, [Msg::Burst(vec![char('/'), char('a'), enter]), Msg::Key(char('q'))]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_right_behind_keeps_its_place() {
        let escape = press(KeyCode::Esc);
        let events = vec![
            (0, Event::Key(char('a'))),
            (0, Event::Key(char('b'))),
            (0, Event::Key(escape)),
            (0, Event::Paste("x".to_owned())),
            (0, Event::Resize(80, 24)),
        ];
        let msgs = all(keyboard(events)).await;
        let burst = Msg::Burst(vec![char('a'), char('b')]);
        assert_eq!(msgs, [burst, Msg::Key(escape), Msg::Paste("x".to_owned()), Msg::Resized]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_lost_when_waiting_is_given_up() {
        let poured = [char('a'), char('b'), char('c')].map(|key| (1, Event::Key(key)));
        let mut keys = keyboard(poured.to_vec());
        let mut msg = None;
        while msg.is_none() {
            msg = tokio::time::timeout(Duration::from_micros(700), keys.next()).await.unwrap_or_default();
        }
        assert_eq!(msg, Some(Msg::Burst(vec![char('a'), char('b'), char('c')])));
    }
}
