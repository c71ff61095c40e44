//! The files of the demonstration: a letter and a picture from the friend, something of yours to send.

use std::io;
use std::path::{Path, PathBuf};

/// The picture's width and height, pixels.
const WIDTH: u32 = 640;
const HEIGHT: u32 = 400;

/// Bytes before the first pixel of a BMP file.
const BMP_HEAD: u32 = 54;

const LETTER: &str = "Hello!\n\n\
    This letter and the picture beside it came sealed: only your agent could open them, and nothing lay under its\n\
    final name before every byte was checked.\n\n\
    Send me something back. I accept what verified contacts send, up to 1 GiB.\n\n\
    Your friend\n";

/// Makes what the friend offers. The paths.
///
/// # Errors
/// When the folder cannot be made or is full.
pub(super) fn from_friend(folder: &Path) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    let files = [folder.join("Letter from your friend.txt"), folder.join("Evening.bmp")];
    let [letter, picture] = &files;
    std::fs::write(letter, LETTER)?;
    std::fs::write(picture, evening())?;
    Ok(files.to_vec())
}

/// Makes what you send. The path.
///
/// # Errors
/// As [`from_friend`].
pub(super) fn from_you(folder: &Path) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join("Thank you.txt");
    std::fs::write(&file, "Thank you for the picture!\n")?;
    Ok(vec![file])
}

/// An evening sky as a BMP picture: 24 bits a pixel, rows from the bottom up.
fn evening() -> Vec<u8> {
    let size = BMP_HEAD + WIDTH * HEIGHT * 3;
    let mut file = b"BM".to_vec();
    for number in [size, 0, BMP_HEAD, 40, WIDTH, HEIGHT] {
        file.extend(number.to_le_bytes());
    }
    file.extend([1, 0, 24, 0]);
    for number in [0, WIDTH * HEIGHT * 3, 2835, 2835, 0, 0] {
        file.extend(number.to_le_bytes());
    }
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            file.extend(colour(x, y));
        }
    }
    file
}

/// Blue, green, red of a pixel: a sun low over the sea, the sky from orange to night.
fn colour(x: u32, y: u32) -> [u8; 3] {
    let from_sun = x.abs_diff(WIDTH / 2).pow(2) + y.abs_diff(HEIGHT * 2 / 5).pow(2);
    let part = |of: u32| u8::try_from(of.min(255)).unwrap_or(u8::MAX);
    if from_sun < 40 * 40 {
        return [90, 200, 255];
    }
    let glow = 20_000 / (from_sun / 40 + 100);
    if y < HEIGHT / 3 {
        let wave = (x / 3 + y * y / 5) % 23;
        return [part(70 + wave + y / 4), part(40 + wave + glow / 2), part(30 + glow)];
    }
    let height = (y - HEIGHT / 3) * 255 / HEIGHT;
    [part(60 + height / 2), part(110 - height / 2 + glow / 3), part(200 - height + glow)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_as_long_as_it_says() {
        let picture = evening();
        let said = picture.iter().skip(2).take(4).rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        assert_eq!(picture.len(), said);
        assert!(picture.starts_with(b"BM"));
    }
}
