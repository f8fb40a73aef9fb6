/** Where and when it is drawn. */
export interface Frame {
  /** Cells per line. Nothing is lost from 40 on; narrower lines are cut. */
  readonly width: number;
  /** Epoch seconds; countdowns run from here. */
  readonly nowTs: number;
  /** IANA time zone of clock times. */
  readonly tz: string;
  readonly colour: boolean;
  /** The address to show and to type, when there is no overview to name it. */
  readonly shimUrl: string;
}
