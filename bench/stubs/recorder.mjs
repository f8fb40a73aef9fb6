/** Writes nothing down; gives back the place a request held. */
export class Recorder {
  catchUp() {}
  announce() {}
  blocked() {}
  cooldownBegan() {}
  refused() {}
  attemptFailed({ permit }) {
    permit.releaseSlot();
  }
  abandoned(permit) {
    permit.releaseSlot();
  }
  ended({ permit }) {
    permit.releaseSlot();
  }
}
