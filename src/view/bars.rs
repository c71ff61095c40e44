//! The lines around the page: where one is, how things stand, which keys matter here.

use airhatch_wire::control::{AuthorityState, Direction, JailStrength, Phase};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::keymap::{Action, BINDINGS, Place};
use crate::model::{Filter, Model, Page, Screen, Session, Tone};
use crate::screens;
use crate::text;
use crate::theme::Theme;
use crate::widgets::{fit, fit_middle, width_of};

/// Screens at the left, offers that wait at the right, a rule below.
pub(super) fn header(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.setting.theme;
    let room = usize::from(area.width.saturating_sub(2));
    let (left, right) = [
        (full_header(model, theme, "   "), badge(model, true)),
        (full_header(model, theme, "  "), badge(model, true)),
        (short_header(model, theme), badge(model, true)),
    ]
    .into_iter()
    .find(|(left, right)| left.width() + right.width() + 2 <= room)
    .unwrap_or_else(|| (short_header(model, theme), badge(model, false)));
    put(frame, area, area.y, &left, Side::Left);
    put(frame, area, area.y, &right, Side::Right);
    if area.height > 1 {
        rule(theme, frame, area, area.y + 1);
    }
}

/// The program and all screens; with little space, the screens alone.
fn full_header(model: &Model, theme: &Theme, space: &'static str) -> Line<'static> {
    let name = Span::styled(text::NAME, theme.strong());
    if model.page != Page::Account {
        return Line::from(name);
    }
    let mut spans = if space.len() > 2 { vec![name, Span::raw(space)] } else { vec![] };
    for (index, screen) in Screen::ALL.into_iter().enumerate() {
        let here = screen == model.screen;
        let (key, name) =
            if here { (theme.chosen(), theme.place()) } else { (theme.accent(), theme.plain()) };
        spans.push(Span::styled(format!("{} ", index + 1), key));
        spans.push(Span::styled(text::screen(screen), name));
        spans.push(Span::raw(space));
    }
    spans.pop();
    Line::from(spans)
}

/// The present screen, and figures for the others.
fn short_header(model: &Model, theme: &Theme) -> Line<'static> {
    let mut spans = vec![];
    if model.page != Page::Account {
        return Line::styled(text::NAME, theme.strong());
    }
    for (index, screen) in Screen::ALL.into_iter().enumerate() {
        let here = screen == model.screen;
        let label =
            if here { format!("{} {}", index + 1, text::screen(screen)) } else { (index + 1).to_string() };
        spans.push(Span::styled(label, if here { theme.chosen() } else { theme.accent() }));
        spans.push(Span::raw("  "));
    }
    Line::from(spans)
}

/// The offers that wait, in words or as a figure.
fn badge(model: &Model, words: bool) -> Line<'static> {
    let offers = model.session.as_ref().map_or(0, |session| session.transfers.offers().len());
    if offers == 0 || model.page != Page::Account {
        return Line::default();
    }
    let theme = &model.setting.theme;
    let told = if words { text::offers_waiting(offers) } else { offers.to_string() };
    Line::styled(format!("{} {told}", theme.glyphs().full), theme.chosen())
}

/// A word that was said, else how things stand.
pub(super) fn status(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.setting.theme;
    let y = area.bottom().saturating_sub(1);
    if area.height > 1 {
        rule(theme, frame, area, area.y);
    }
    let room = usize::from(area.width.saturating_sub(2));
    if model.layers.is_empty() && model.filtering {
        let typed = model.session.as_ref().and_then(|session| session.filter(model.screen));
        let words = text::filter(typed.map(Filter::text).unwrap_or_default());
        let words = fit_middle(&words, room.saturating_sub(1), theme.glyphs().cut);
        let column =
            area.x.saturating_add(1).saturating_add(u16::try_from(width_of(&words)).unwrap_or(u16::MAX));
        frame.set_cursor_position((column.min(area.right().saturating_sub(1)), y));
        return put(frame, area, y, &Line::styled(words, theme.chosen()), Side::Left);
    }
    if let Some(toast) = &model.toast {
        let style = match toast.tone {
            Tone::Good => theme.good(),
            Tone::Plain => theme.plain(),
            Tone::Warning => theme.warning(),
        };
        let words = fit(&toast.text, room, theme.glyphs().cut);
        return put(frame, area, y, &Line::styled(words, style), Side::Left);
    }
    let Some(session) = model.session.as_ref().filter(|_| model.page == Page::Account) else {
        let mut words = vec![Span::styled(text::ISOLATED, theme.quiet())];
        words.extend(weakness(model).into_iter().flat_map(|word| [Span::raw("  "), word]));
        return put(frame, area, y, &Line::from(words), Side::Left);
    };
    let filter = session.filter(model.screen).filter(|filter| !filter.text().is_empty());
    if let Some(filter) = filter {
        let words = fit(&text::filtered(filter.text()), room, theme.glyphs().cut);
        return put(frame, area, y, &Line::styled(words, theme.chosen()), Side::Left);
    }
    let rates = rates(model, session);
    // Rates are told where the account and its state have room beside them.
    let room_left = if rates.width() + 40 <= room { room - rates.width() } else { room };
    if room_left < room {
        put(frame, area, y, &rates, Side::Right);
    }
    put(frame, area, y, &facts(model, session, room_left), Side::Left);
}

/// Account, isolation, agent, CA: as many as have room, the most important first.
fn facts(model: &Model, session: &Session, room: usize) -> Line<'static> {
    let theme = &model.setting.theme;
    let account = &session.account;
    let (agent, agent_style) = match account.phase {
        Phase::Ready => (text::AGENT_READY, theme.plain()),
        Phase::New | Phase::Locked | Phase::Removed => (text::phase(account.phase), theme.warning()),
    };
    let (authority, authority_style) = match account.authority.as_ref().map(|authority| &authority.state) {
        Some(AuthorityState::Fine) => (text::CA_THERE, theme.plain()),
        Some(AuthorityState::Unreachable) => (text::CA_GONE, theme.warning()),
        Some(AuthorityState::Refused(_)) => (text::CA_REFUSES, theme.warning()),
        Some(AuthorityState::Unasked) | None => (text::CA_UNKNOWN, theme.quiet()),
    };
    let mut facts: Vec<(String, Style)> = vec![
        (session.record.account.to_string(), theme.strong()),
        (text::runtime(session.record.runtime).to_owned(), theme.plain()),
        (agent.to_owned(), agent_style),
        (authority.to_owned(), authority_style),
    ];
    if let Some(word) = weakness(model) {
        facts.insert(1, (word.content.into_owned(), word.style));
    }
    let mut spans = Vec::new();
    let mut used = 0;
    for (words, style) in facts {
        let gap = if used == 0 { String::new() } else { format!(" {} ", theme.glyphs().dot) };
        let words = if used == 0 { fit(&words, room, theme.glyphs().cut) } else { words };
        if used + width_of(&gap) + width_of(&words) > room {
            break;
        }
        used += width_of(&gap) + width_of(&words);
        spans.push(Span::styled(gap, theme.quiet()));
        spans.push(Span::styled(words, style));
    }
    Line::from(spans)
}

/// That this program's jail is not whole; the settings say more.
fn weakness(model: &Model) -> Option<Span<'static>> {
    let strength = model.setting.jail.strength;
    let told = || Span::styled(text::jail(strength), model.setting.theme.warning());
    (strength != JailStrength::Whole).then(told)
}

/// What moves now, each way; nothing when nothing does.
fn rates(model: &Model, session: &Session) -> Line<'static> {
    let (theme, tick) = (&model.setting.theme, model.now.tick);
    let glyphs = theme.glyphs();
    let one = |(direction, sign)| {
        let rate = session.transfers.rate(direction, tick);
        (rate > 0).then(|| Span::styled(format!("  {sign} {}", text::rate(rate)), theme.accent()))
    };
    let ways = [(Direction::Outgoing, glyphs.outgoing), (Direction::Incoming, glyphs.incoming)];
    ways.into_iter().filter_map(one).collect()
}

/// The keys of this place, the most important first, as many as have room.
pub(super) fn keys(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.setting.theme;
    let room = usize::from(area.width.saturating_sub(2));
    let mut spans = Vec::new();
    let mut used = 0;
    let mut told: Vec<Action> = Vec::new();
    for (key, action) in bound(model.place()).filter(|(_, action)| screens::is_useful(model, *action)) {
        let word = text::short(action);
        let columns = width_of(&key) + 1 + width_of(word) + if used == 0 { 0 } else { 3 };
        if told.contains(&action) {
            continue;
        }
        if used + columns > room {
            break;
        }
        told.push(action);
        if used > 0 {
            spans.push(Span::raw("   "));
        }
        used += columns;
        spans.push(Span::styled(key, theme.accent()));
        spans.push(Span::styled(format!(" {word}"), theme.plain()));
    }
    put(frame, area, area.y, &Line::from(spans), Side::Left);
}

fn bound(place: Place) -> impl Iterator<Item = (String, Action)> {
    let bindings = place.layers().iter().flat_map(|layer| BINDINGS.iter().filter(move |b| b.place == *layer));
    bindings
        .filter(|binding| binding.bar)
        .filter_map(|binding| binding.keys.first().map(|keys| (text::keys(keys), binding.action)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

fn put(frame: &mut Frame<'_>, area: Rect, y: u16, line: &Line<'_>, side: Side) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let width = u16::try_from(line.width()).unwrap_or(u16::MAX).min(inner.width);
    let x = if side == Side::Left { inner.x } else { inner.right() - width };
    frame.buffer_mut().set_line(x, y, line, width);
}

fn rule(theme: &Theme, frame: &mut Frame<'_>, area: Rect, y: u16) {
    let line = Line::styled(theme.glyphs().rule.repeat(usize::from(area.width)), theme.quiet());
    frame.buffer_mut().set_line(area.x, y, &line, area.width);
}
