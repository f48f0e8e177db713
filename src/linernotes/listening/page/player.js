// The player: play, pause, seek, play again, and how much of the clip has been heard.

const PLAY = "M7 4.500v15l12.500-7.500z";
const PAUSE = "M6 4.500h4.200v15H6zM13.800 4.500H18v15h-4.200z";
const LONGEST_STEP_S = 1.5; // a jump of more than this between two looks at the clock is a seek, not listening

const byId = (id) => document.getElementById(id);

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export class Player {
  constructor(onHeard, onBroken) {
    this.audio = byId("audio");
    this.seekBar = byId("seek");
    this.onHeard = onHeard;
    this.onBroken = onBroken;
    this.listenedS = 0;
    this.durationS = 0;
    this.lastS = 0;
    byId("play").addEventListener("click", () => this.toggle());
    byId("again").addEventListener("click", () => this.replay());
    this.seekBar.addEventListener("input", () => this.seek(Number(this.seekBar.value)));
    for (const event of ["play", "pause", "ended"]) {
      this.audio.addEventListener(event, () => this.show());
    }
    this.audio.addEventListener("timeupdate", () => this.hear());
    this.audio.addEventListener("seeking", () => { this.lastS = this.audio.currentTime; });
    this.audio.addEventListener("error", () => { if (this.audio.src) this.onBroken(); });
  }

  load(address, durationS) {
    this.audio.pause();
    this.audio.src = address;
    this.durationS = durationS;
    this.listenedS = 0;
    this.lastS = 0;
    this.seekBar.max = String(durationS);
    this.show();
  }

  stop() {
    this.audio.pause();
  }

  reload() {
    this.audio.load();
  }

  async toggle() {
    if (!this.audio.paused) {
      this.audio.pause();
      return;
    }
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name !== "AbortError" && error.name !== "NotAllowedError") this.onBroken();
    }
  }

  replay() {
    this.audio.currentTime = 0;
    if (this.audio.paused) this.toggle();
  }

  seek(toS) {
    this.audio.currentTime = Math.min(Math.max(0, toS), Math.max(0, this.durationS - 0.05));
    this.show();
  }

  seekBy(seconds) {
    this.seek(this.audio.currentTime + seconds);
  }

  hear() {
    const step = this.audio.currentTime - this.lastS;
    if (step > 0 && step < LONGEST_STEP_S) this.listenedS += step;
    this.lastS = this.audio.currentTime;
    this.show();
    this.onHeard(this.listenedS);
  }

  show() {
    const at = this.audio.currentTime || 0;
    this.seekBar.value = String(at);
    this.seekBar.style.setProperty("--done", `${this.durationS ? (100 * at) / this.durationS : 0}%`);
    this.seekBar.setAttribute("aria-valuetext", `${clock(at)} of ${clock(this.durationS)}`);
    byId("clock").textContent = `${clock(at)} / ${clock(this.durationS)}`;
    byId("play-shape").setAttribute("d", this.audio.paused ? PLAY : PAUSE);
    byId("play").setAttribute("aria-label", this.audio.paused ? "Play" : "Pause");
  }
}
