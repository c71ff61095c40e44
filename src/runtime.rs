//! The full-screen program's shell: one loop that waits for keys, messages, signals and the clock, lets `update` decide,
//! does what it says and draws.
//!
//! Called by `main` and by the demonstration. All but [`get_ready`] and [`open`] happens in the jail. Must never know what a message means.

use std::io::Write;
use std::time::{Duration, Instant};

use airhatch_wire::control::Jail;
use airhatch_wire::{Code, Email, Failure, UnixMillis};
use crossterm::event::EventStream;
use tokio::sync::mpsc;

use crate::home::Home;
use crate::jail;
use crate::link::{WardenLink, WardenMode, launch};
use crate::model::Model;
use crate::msg::{Effect, Msg, Now};
use crate::text;
use crate::tui::{Tui, prepare_keyboard};
use crate::update::update;
use crate::view::view;

mod hands;
mod keys;
mod setting;
mod signals;

use hands::Hands;
use keys::Keys;
pub(crate) use setting::draws_unicode;
use signals::{Signal, Signals};

/// The shortest time between two frames that no key asked for.
const FRAME_TIME: Duration = Duration::from_millis(33);

/// What only a free process can find out and make for the screen.
pub(crate) struct Ready {
    /// Whether there is a shell that could let this process go on after it stopped: a session's first job has none.
    shell: bool,
    /// Whether that shell waits for this process, and not for another that waits for this one.
    leads_job: bool,
}

/// Gets ready for the jail.
///
/// # Errors
/// [`Code::Internal`] when the terminal cannot be used.
pub(crate) fn get_ready() -> Result<Ready, Failure> {
    prepare_keyboard().map_err(|e| unusable(&e))?;
    Ok(setting::ready())
}

/// What the program starts with.
pub(crate) struct Start {
    /// What was made ready before the jail.
    pub(crate) ready: Ready,
    /// How the jail turned out.
    pub(crate) jail: Jail,
    /// The warden of this home.
    pub(crate) warden: WardenLink,
    /// The account to open; the only one, or the one that a person chooses, when absent.
    pub(crate) account: Option<Email>,
    /// Whether everything ends and is removed with the program.
    pub(crate) demo: bool,
}

/// Runs over the accounts of this user; `account` is opened at once, if it is given.
///
/// # Errors
/// What keeps the warden from starting, and those of [`run`].
pub(crate) fn open(account: Option<Email>) -> Result<u8, Failure> {
    let home = Home::of_this_user()?;
    let ready = get_ready()?;
    let launched = launch(&home, WardenMode::Accounts)?;
    jail::inside(&home, Vec::new(), async |jail| {
        let warden = WardenLink::begin(launched).await?;
        run(Start { ready, jail, warden, account, demo: false }).await
    })?
}

/// Runs until a person leaves or a signal ends it. The exit code is for `main`.
///
/// # Errors
/// [`Code::Internal`] when the terminal cannot be used.
pub(crate) async fn run(start: Start) -> Result<u8, Failure> {
    let leads_job = start.ready.leads_job;
    let setting = setting::of_this_process(start.ready, start.jail, start.account, start.demo);
    // Before the terminal is taken, so that no signal finds it taken and nobody to give it back.
    let signals = Signals::listen().map_err(|e| unusable(&e))?;
    let mut tui = Tui::enter().map_err(|e| unusable(&e))?;
    let (post, inbox) = mpsc::unbounded_channel();
    let hands = Hands::new(start.warden, post);
    let program = Program {
        model: Model::new(setting),
        hands,
        inbox,
        keys: Keys::to(EventStream::new()),
        signals,
        began: Instant::now(),
        drawn: None,
        leads_job,
    };
    program.run(&mut tui).await.map_err(|e| unusable(&e))
}

fn unusable(error: &std::io::Error) -> Failure {
    Failure::new(Code::Internal, format!("the terminal cannot be used: {error}"))
        .hint("run it in a terminal, or use the commands: airhatch --help")
}

struct Program {
    model: Model,
    hands: Hands,
    inbox: mpsc::UnboundedReceiver<Msg>,
    keys: Keys,
    signals: Signals,
    began: Instant,
    drawn: Option<Instant>,
    leads_job: bool,
}

/// What woke the loop.
enum Woken {
    Keys(Msg),
    Message(Msg),
    Signal(Signal),
    Clock,
    TerminalGone,
}

/// Whether to draw.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Clean,
    Soon,
    Now,
}

impl Program {
    async fn run(mut self, tui: &mut Tui) -> std::io::Result<u8> {
        self.hands.listen_to_warden();
        if let Some(code) = self.take(tui, Msg::Begin)? {
            return Ok(code);
        }
        let mut frame = Frame::Now;
        loop {
            if frame == Frame::Now || (frame == Frame::Soon && self.until_frame().is_zero()) {
                self.draw(tui)?;
                frame = Frame::Clean;
            }
            let (msg, wanted) = match self.wait(frame).await {
                Woken::Keys(msg) => (msg, Frame::Now),
                Woken::Message(msg) => (msg, Frame::Soon),
                Woken::Clock => (Msg::Tick, if frame == Frame::Soon { Frame::Now } else { Frame::Soon }),
                Woken::Signal(Signal::End(signal)) => (Msg::Terminate { signal }, Frame::Now),
                Woken::Signal(Signal::Stop) => {
                    suspend(tui, true)?;
                    (Msg::Tick, Frame::Now)
                }
                Woken::Signal(Signal::Continue) => {
                    tui.come_back()?;
                    (Msg::Tick, Frame::Now)
                }
                Woken::TerminalGone => (Msg::Terminate { signal: signals::HANG_UP }, Frame::Now),
            };
            if let Some(code) = self.take(tui, msg)? {
                return Ok(code);
            }
            if frame != Frame::Now {
                frame = wanted;
            }
        }
    }

    /// Lets one thing happen and does what follows. The exit code when the program is over.
    fn take(&mut self, tui: &mut Tui, msg: Msg) -> std::io::Result<Option<u8>> {
        let now = self.now();
        for effect in update(&mut self.model, now, msg) {
            match effect {
                Effect::Exit(code) => return Ok(Some(code)),
                Effect::Redraw => tui.forget()?,
                Effect::Suspend => suspend(tui, self.leads_job)?,
                effect => self.hands.perform(effect),
            }
        }
        Ok(None)
    }

    async fn wait(&mut self, frame: Frame) -> Woken {
        let look = self.model.next_look().map(Duration::from_millis);
        let clock = match frame {
            Frame::Soon => Some(self.until_frame()),
            Frame::Clean | Frame::Now => look,
        };
        tokio::select! {
            biased;
            signal = self.signals.next() => Woken::Signal(signal),
            keys = self.keys.next() => keys.map_or(Woken::TerminalGone, Woken::Keys),
            Some(msg) = self.inbox.recv() => Woken::Message(msg),
            () = tokio::time::sleep(clock.unwrap_or_default()), if clock.is_some() => Woken::Clock,
        }
    }

    fn draw(&mut self, tui: &mut Tui) -> std::io::Result<()> {
        self.drawn = Some(Instant::now());
        let model = &self.model;
        let share = model.session.as_ref().and_then(|session| session.transfers.share());
        tui.draw(&text::window_title(model), share, |frame| view(model, frame))
    }

    fn until_frame(&self) -> Duration {
        self.drawn.map_or(Duration::ZERO, |drawn| FRAME_TIME.saturating_sub(drawn.elapsed()))
    }

    fn now(&self) -> Now {
        let tick = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now { tick, wall: UnixMillis::now() }
    }
}

/// Gives the terminal back, stops until the shell lets the program go on, and takes it again. What is not `seen` by a
/// shell needs a second Ctrl-Z, which then reaches the whole job.
fn suspend(tui: &mut Tui, seen: bool) -> std::io::Result<()> {
    tui.step_aside()?;
    if !seen {
        // A terminal that is gone is met again below.
        let _ = writeln!(std::io::stderr(), "{}", text::WAITED_FOR);
    }
    signals::stop_this_process();
    tui.come_back()
}
