// The one thread that a story needs to be real: it blocks within an export.

import { bodies } from "../threads.ts";

export default bodies({ shutdown: (runtime) => runtime.shutdown() });
