// All scenarios, by theme.

import type { Entry } from "../entry.ts";
import { scenarios as claims } from "./claims.ts";
import { scenarios as condvars } from "./condvars.ts";
import { scenarios as deaths } from "./deaths.ts";
import { scenarios as drivers } from "./drivers.ts";
import { scenarios as eventLoops } from "./event_loops.ts";
import { scenarios as handOffs } from "./hand_offs.ts";
import { scenarios as hostWait } from "./host_wait.ts";
import { scenarios as keptDrivers } from "./kept_drivers.ts";
import { scenarios as mutexes } from "./mutexes.ts";
import { scenarios as parks } from "./parks.ts";
import { scenarios as poolDeaths } from "./pool_deaths.ts";
import { scenarios as poolHeap } from "./pool_heap.ts";
import { scenarios as poolQueues } from "./pool_queues.ts";
import { scenarios as poolShutdowns } from "./pool_shutdown.ts";
import { scenarios as poolTasks } from "./pool_tasks.ts";
import { scenarios as poolWorkers } from "./pool_workers.ts";
import { scenarios as registrations } from "./registrations.ts";
import { scenarios as releases } from "./releases.ts";
import { scenarios as selectorDeaths } from "./selector_deaths.ts";
import { scenarios as selectors } from "./selectors.ts";
import { scenarios as shutdowns } from "./shutdown.ts";
import { scenarios as standBys } from "./stand_bys.ts";
import { scenarios as threadDeaths } from "./thread_deaths.ts";
import { scenarios as timeouts } from "./timeouts.ts";
import { scenarios as timers } from "./timers.ts";
import { scenarios as unparks } from "./unparks.ts";

export const scenarios: readonly Entry[] = [
  ...parks,
  ...unparks,
  ...drivers,
  ...handOffs,
  ...timeouts,
  ...shutdowns,
  ...claims,
  ...eventLoops,
  ...keptDrivers,
  ...timers,
  ...mutexes,
  ...condvars,
  ...hostWait,
  ...registrations,
  ...releases,
  ...selectors,
  ...standBys,
  ...deaths,
  ...threadDeaths,
  ...selectorDeaths,
  ...poolQueues,
  ...poolTasks,
  ...poolWorkers,
  ...poolShutdowns,
  ...poolHeap,
  ...poolDeaths,
];
