/** In place of the official package's `utils/service`: the processes that its tests start and stop, of which there are none here. */
const service = {
  SubprocessService: { createCache: (): { stopAll(): void } => ({ stopAll() {} }) },
};

export = service;
