// Thread bodies for bad_input_test.ts. Each runs on a thread of its own.

import { type LaybyError, type ParkerHandle, Runtime } from "../../mod.ts";
import { coreOf } from "../cores.ts";
import { bodies } from "../threads.ts";

export default bodies({
  /** Parks on a parker that it does not own. Returns a code of the core. */
  intrude: (runtime, { address, claim }: ParkerHandle) =>
    coreOf(runtime).exports.parkerPark(address, claim, Infinity),

  /** Parks in a runtime that nobody else knows of, with a hook to no avail. */
  parkAlone: () => {
    using runtime = Runtime.create();
    try {
      return runtime.parker({ beforePark: () => {} }).park();
    } catch (error) {
      return (error as LaybyError).code;
    }
  },
});
