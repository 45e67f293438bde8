//! Features of a binary PGM: writes `u32 n`, then six 32-bit fields a keypoint, then the descriptors as bytes.
use std::io::Write;
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let bytes = std::fs::read(&args[1]).unwrap();
    let threads: usize = args.get(3).map_or(1, |t| t.parse().unwrap());
    let mut fields = bytes.split(|b| b.is_ascii_whitespace());
    fields.next();
    let mut n = || -> usize { std::str::from_utf8(fields.next().unwrap()).unwrap().parse().unwrap() };
    let (w, h) = (n(), n());
    let px = &bytes[bytes.len() - w * h..];
    let mut d = sift::Detector::new();
    let c = sift::Control { threads: threads.try_into().unwrap(), stop: None };
    let mut best = f64::MAX;
    let mut f = None;
    for _ in 0..args.get(4).map_or(1, |t| t.parse().unwrap()) {
        let t = Instant::now();
        f = Some(d.detect(px, w, h, &sift::Params::default(), &c).unwrap());
        best = best.min(t.elapsed().as_secs_f64());
    }
    let f = f.unwrap();
    eprintln!("{} keypoints {:.2} ms", f.keypoints.len(), best * 1e3);
    let mut out = std::io::BufWriter::new(std::fs::File::create(&args[2]).unwrap());
    out.write_all(&(f.keypoints.len() as u32).to_le_bytes()).unwrap();
    for k in &f.keypoints {
        for v in [k.x, k.y, k.size, k.angle, k.response] {
            out.write_all(&v.to_le_bytes()).unwrap();
        }
        out.write_all(&k.octave.to_le_bytes()).unwrap();
    }
    let sift::Descriptors::Sift(d) = f.descriptors else { panic!() };
    out.write_all(&d).unwrap();
}
